"""An index of six platforms whose images share a layer."""

from . import layouts

SIX = ("linux/amd64", "linux/arm/v6", "linux/arm/v7", "linux/arm64", "linux/ppc64le", "linux/s390x")


def platform(name):
    parts = name.split("/")
    return {"os": parts[0], "architecture": parts[1], **({"variant": parts[2]} if len(parts) > 2 else {})}


def add_images(layout, names=SIX, compression="gzip"):
    """Descriptors of one image for each platform."""
    shared = layouts.small_layers(layout, compression)[0]
    images = []
    for name in names:
        own = layout.add_layer(lambda tar, name=name: tar.file("platform", name.encode()), compression)
        image = layout.add_image([shared, own], architecture=platform(name)["architecture"])
        images.append(dict(image, platform=platform(name)))
    return images


def six(folder, tag="1", compression="gzip"):
    layout = layouts.Layout(folder)
    layout.tag(tag, layout.add_index(add_images(layout, compression=compression)))
    return layout


def names_in(index):
    """The platforms that an index (its JSON) lists."""
    found = []
    for entry in index["manifests"]:
        p = entry["platform"]
        found.append("/".join([p["os"], p["architecture"]] + ([p["variant"]] if p.get("variant") else [])))
    return found
