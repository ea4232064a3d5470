"""What a page of the site has in it, as far as its HTML tells."""

from html.parser import HTMLParser

# Elements without an end.
VOID = {"br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}


class Page(HTMLParser):
    """Links, places, pictures and nested elements of a page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.ids, self.images, self.nested = [], set(), [], []
        self.bar, self.signature = [], ""
        self._open = []
        self.text = path.read_text("utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if "id" in attrs:
            self.ids.add(attrs["id"])
        if tag == "a" and attrs.get("href"):
            self.links.append(attrs["href"])
        if tag == "img":
            self.images.append(attrs["src"])
        if tag == "blockquote" and "blockquote" in self._tags():
            self.nested.append(self.getpos())
        if tag not in VOID:
            self._open.append((tag, attrs.get("class") or ""))

    def handle_endtag(self, tag):
        while tag in self._tags() and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        classes = " ".join(kind for _, kind in self._open)
        if "bd-header__inner" in classes and "nav-item" in classes and data.strip():
            self.bar.append(data.strip())
        if "dt" in self._tags() and "sig-object" in classes and "<" not in data:
            self.signature += data

    def _tags(self):
        return [tag for tag, _ in self._open]
