#!/usr/bin/env python3
"""readme_page.py NAME.SECTION README.md PAGE: makes a manual page of a README."""

import re
import sys

DATE = "November 27, 2026"


def escaped(text):
    return text.replace("\\", "\\e")


def inline(text):
    """Markdown within a paragraph; what is code or strong is bold, what is emphasised italic."""
    out = []
    text = re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", text)
    for part in re.split(r"(`[^`]+`)", text):
        if part.startswith("`"):
            out.append("\\fB" + escaped(part[1:-1]) + "\\fP")
            continue
        part = escaped(part)
        part = re.sub(r"\*\*([^*]+)\*\*", r"\\fB\1\\fP", part)
        part = re.sub(r"(?<!\w)\*([^*]+)\*(?!\w)", r"\\fI\1\\fP", part)
        out.append(part)
    return "".join(out)


def protected(line):
    """Not a request, whatever it begins with."""
    return "\\&" + line if line.startswith((".", "'")) else line


def sentences(text):
    """A new sentence begins a new line, as roff wants it."""
    return [protected(line) for line in re.sub(r"(?<=[A-Za-z\d)`][.:;]) +(?=[A-Z\\])", "\n", text).split("\n")]


def paragraph(lines):
    return sentences(inline(" ".join(line.strip() for line in lines)))


def cells(row):
    return [c.strip().replace("\\|", "|") for c in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def table(rows):
    out = [".Bl -tag -width Ds"]
    for row in rows[2:]:
        first, *rest = cells(row)
        out.append(".It " + inline(first).replace("\\fB", "").replace("\\fP", ""))
        out += sentences(inline(" \u2014 ".join(c for c in rest if c)))
    return out + [".El"]


def items(lines):
    out, item = [".Bl -bullet"], []
    for line in [*lines, "- "]:
        if re.match(r"[-*] ", line):
            if item:
                out += [".It", *paragraph(item)]
            item = [line[2:]]
        else:
            item.append(line)
    return out + [".El"]


def literal(lines):
    pairs = [re.fullmatch(r"    (\S.*?)(?: {3,}(\S.*))?", line) for line in lines]
    if all(pairs) and any(m[2] and m[2][0] != "#" for m in pairs):  # a form of the reference, and what it means
        out = [".Bl -tag -width Ds"]
        for m in pairs:
            out += [".It " + escaped(m[1]), *sentences(inline(m[2] or ""))]
        return out + [".El"]
    return [".Bd -literal -offset indent", *(protected(escaped(line[4:])) for line in lines), ".Ed"]


def blocks(text):
    """The blocks between empty lines; fenced code is indented code."""
    text = re.sub(r"```\w*\n(.*?)```", lambda m: re.sub("(?m)^", "    ", m[1].rstrip("\n")) + "\n", text, flags=re.S)
    return [block.split("\n") for block in re.split(r"\n{2,}", text.strip("\n"))]


def body(text):
    out, needs_break = [], False
    for lines in blocks(text):
        if lines[0].startswith("#"):
            out.append((".Ss " if lines[0].startswith("###") else ".Sh ") +
                       (lines[0].lstrip("# ") if lines[0].startswith("###") else lines[0].lstrip("# ").upper()))
            needs_break = False
            lines = lines[1:]
            if not lines:
                continue
        if lines[0].startswith("|"):
            out += table(lines)
        elif re.match(r"[-*] ", lines[0]):
            out += items(lines)
        elif lines[0].startswith("    "):
            out += literal(lines)
        else:
            out += [".Pp"] * needs_break + paragraph(lines)
        needs_break = True
    return out


SEE_ALSO = {
    "5": ["sealos-push 1", "sealos-transports 1", "sealos-transports 5"],
    "7": ["sealos-plugin-new 1", "sealos-transports 1", "sealos-transports 5"],
}


def page(name, section, readme):
    title, rest = readme.split("\n", 1)
    summary = re.sub(r"^# (The transport )?`?[a-z-]+:?`?:? *", "", title).removeprefix("# ") or \
        re.split(r"[.,;:(]", rest.replace("`", ""))[0]
    see = [".Xr " + other + " ," for other in SEE_ALSO[section]]
    see[-1] = see[-1].removesuffix(" ,")
    return "\n".join([
        '.\\" Made of a README by packaging/man/readme_page.py.',
        ".Dd " + DATE, ".Dt %s %s" % (name.upper(), section), ".Os",
        ".Sh NAME", ".Nm " + name, ".Nd " + " ".join(summary.split()),
        ".Sh DESCRIPTION", *body(rest), ".Sh SEE ALSO", *see, ""])


def main():
    name, readme, to = sys.argv[1:]
    with open(readme, encoding="utf-8") as file:
        text = page(*name.rsplit(".", 1), file.read())
    with open(to, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
