"""The map of bureaux: contours travel to the browser once, later only colours and numbers.

    geometry = publish_geometry(bureaux, digest=digest)          # once, cached by the loader
    paint = Paint(classes, Legend("Priority", palette, labels), tooltip, numbers)
    event = bureau_map(geometry, paint, key="priorities.map", options=MapOptions(selected=id))

The browser draws which bureau covers each pixel once per view; a recolouring looks each pixel's
colour up. Under and over the colours lie images of a tile server, where there is network, or the
streets, outlines and names of the place. It needs neither network nor WebGL.
"""

from pages._ui.bureau_map.component import (
    Legend,
    MapEvent,
    MapOptions,
    Number,
    Paint,
    bureau_map,
)
from pages._ui.bureau_map.geometry import (
    Geometry,
    publish_addresses,
    publish_geometry,
    publish_ground,
    publish_style,
)

__all__ = [
    "Geometry",
    "Legend",
    "MapEvent",
    "MapOptions",
    "Number",
    "Paint",
    "bureau_map",
    "publish_addresses",
    "publish_geometry",
    "publish_ground",
    "publish_style",
]
