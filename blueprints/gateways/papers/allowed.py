"""What of a PDF page is carried over: an allow-list of keys, by the kind of thing that bears them.

Whatever is not named here stays behind: scripts, actions, forms, annotations, embedded and external files, metadata,
layers, rich media, and everything that later versions of the format will think of. The keys and what they hold are
those of ISO 32000-1.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Named:
    """A dictionary of names that the page's content uses, each for a thing of one shape."""

    shape: str


VALUE = ""  # numbers, names, texts and arrays of them; no dictionary and no stream

Keys = dict[str, str | Named]


def plain(*keys: str) -> Keys:
    return dict.fromkeys(keys, VALUE)


SHAPES: dict[str, Keys] = {
    # 7.7.3.3; its content, boxes and resources are looked up with what it inherits
    "page": {**plain("Rotate", "UserUnit"), "Group": "group"},
    "content": {},
    "resources": {  # 7.8.3
        "ExtGState": Named("graphics state"),
        "ColorSpace": Named("colour"),
        "Pattern": Named("pattern"),
        "Shading": Named("shading"),
        "XObject": Named("drawing"),
        "Font": Named("font"),
        **plain("ProcSet"),
    },
    "graphics state": {  # 8.4.5
        **plain("Type", "LW", "LC", "LJ", "ML", "D", "RI", "OP", "op", "OPM", "FL", "SM", "SA", "BM", "CA", "ca"),
        **plain("AIS", "TK"),
        "Font": "font",
        "SMask": "mask",
    },
    "mask": {**plain("Type", "S", "BC"), "G": "drawing", "TR": "function"},  # 11.6.5.2
    "group": {**plain("Type", "S", "I", "K"), "CS": "colour"},  # 11.6.6
    # 8.6: profiles, functions and tables of colours stand within arrays
    "colour": {
        **plain("N", "Range", "WhitePoint", "BlackPoint", "Gamma", "Matrix"),
        **plain("FunctionType", "Domain", "Size", "BitsPerSample", "Order", "Encode", "Decode", "C0", "C1", "Bounds"),
        "Alternate": "colour",
        "Functions": "function",
    },
    "function": {  # 7.10
        **plain("FunctionType", "Domain", "Range", "Size", "BitsPerSample", "Order", "Encode", "Decode"),
        **plain("C0", "C1", "N", "Bounds"),
        "Functions": "function",
    },
    "pattern": {  # 8.7.3, 8.7.4
        **plain("Type", "PatternType", "PaintType", "TilingType", "BBox", "XStep", "YStep", "Matrix"),
        "Resources": "resources",
        "Shading": "shading",
        "ExtGState": "graphics state",
    },
    "shading": {  # 8.7.4.3
        **plain("ShadingType", "Background", "BBox", "AntiAlias", "Domain", "Matrix", "Coords", "Extend"),
        **plain("BitsPerCoordinate", "BitsPerComponent", "BitsPerFlag", "Decode", "VerticesPerRow"),
        "ColorSpace": "colour",
        "Function": "function",
    },
    "drawing": {  # 8.9.5 images, 8.10.2 forms: drawings used again, which have nothing to do with forms to fill in
        **plain("Type", "Subtype", "Width", "Height", "BitsPerComponent", "Intent", "ImageMask", "Decode"),
        **plain("Interpolate", "SMaskInData", "Matte", "FormType", "BBox", "Matrix"),
        "ColorSpace": "colour",
        "Mask": "drawing",
        "SMask": "drawing",
        "Resources": "resources",
        "Group": "group",
    },
    "font": {  # 9.5 to 9.7
        **plain("Type", "Subtype", "Name", "BaseFont", "FirstChar", "LastChar", "Widths", "DW", "W", "DW2", "W2"),
        **plain("FontBBox", "FontMatrix"),
        "Encoding": "encoding",
        "FontDescriptor": "font facts",
        "ToUnicode": "encoding",
        "DescendantFonts": "font",
        "CIDSystemInfo": "characters",
        "CIDToGIDMap": "content",
        "CharProcs": Named("content"),
        "Resources": "resources",
    },
    "encoding": {  # 9.6.6, 9.7.5
        **plain("Type", "BaseEncoding", "Differences", "CMapName", "WMode"),
        "CIDSystemInfo": "characters",
        "UseCMap": "encoding",
    },
    "characters": plain("Registry", "Ordering", "Supplement"),  # 9.7.3
    "font facts": {  # 9.8
        **plain("Type", "FontName", "FontFamily", "FontStretch", "FontWeight", "Flags", "FontBBox", "ItalicAngle"),
        **plain("Ascent", "Descent", "Leading", "CapHeight", "XHeight", "StemV", "StemH", "AvgWidth", "MaxWidth"),
        **plain("MissingWidth", "CharSet"),
        "FontFile": "font file",
        "FontFile2": "font file",
        "FontFile3": "font file",
        "CIDSet": "content",
    },
    "font file": plain("Subtype", "Length1", "Length2", "Length3"),
}

DRAWINGS = ("/Form", "/Image")

# 7.4: filters that only pack, and those that are the picture's own format.
PACKING = ("/FlateDecode", "/LZWDecode", "/ASCII85Decode", "/ASCIIHexDecode", "/RunLengthDecode")
PICTURES = ("/DCTDecode", "/JPXDecode", "/CCITTFaxDecode", "/JBIG2Decode")
SHORT_NAMES = {"/Fl": "/FlateDecode", "/LZW": "/LZWDecode", "/A85": "/ASCII85Decode", "/AHx": "/ASCIIHexDecode"}
SHORT_NAMES |= {"/RL": "/RunLengthDecode", "/DCT": "/DCTDecode", "/CCF": "/CCITTFaxDecode"}
SHAPES["unpacking"] = {  # 7.4.4 to 7.4.8
    **plain("Predictor", "Colors", "BitsPerComponent", "Columns", "EarlyChange", "K", "EndOfLine", "EncodedByteAlign"),
    **plain("Rows", "EndOfBlock", "BlackIs1", "DamagedRowsBeforeError", "ColorTransform"),
    "JBIG2Globals": "content",
}
