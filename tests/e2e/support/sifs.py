"""SIFs made by the real tools, taken apart by them, and damaged on purpose."""

import os
import stat
import struct
import tarfile

from . import process

SQUASHFS, EXT3, ENCRYPTED = 1, 2, 5
PRIMARY, OVERLAY = 2, 4
_TABLE, _SLOT = 4096, 585


def mksquashfs(tree, image, *flags):
    process.check("mksquashfs", tree, image, "-no-progress", "-noappend", "-quiet", *flags)
    return image


def add(sif, path, kind, *flags):
    process.check("siftool", "add", sif, path, "--datatype", str(kind), *flags)


def partition(sif, path, file_system=SQUASHFS, kind=PRIMARY, arch=2):
    add(sif, path, 4, "--parttype", str(kind), "--partfs", str(file_system), "--partarch", str(arch))


def make(sif, tree, *flags):
    """A SIF with one squashfs, as siftool and mksquashfs make it."""
    process.check("siftool", "new", sif)
    partition(sif, mksquashfs(tree, sif + ".squashfs", *flags))
    os.unlink(sif + ".squashfs")
    return sif


def objects(sif):
    """[(type, id, offset, size, name)] out of the table, by the format's own rules."""
    with open(sif, "rb") as file:
        header = file.read(128)
        total, offset = struct.unpack_from("<qq", header, 88)
        file.seek(offset)
        table = file.read(total * _SLOT)
    found = []
    for at in range(0, len(table), _SLOT):
        if table[at + 4]:
            kind, = struct.unpack_from("<i", table, at)
            number, = struct.unpack_from("<I", table, at + 5)
            start, size = struct.unpack_from("<qq", table, at + 17)
            found.append((kind, number, start, size, table[at + 73:at + 201].split(b"\0")[0].decode()))
    return found


def root_partition(sif):
    """(offset, size)"""
    return next((start, size) for kind, _, start, size, _ in objects(sif) if kind == 0x4004)


def unsquash(sif, folder):
    """The files of a SIF, as root, by unsquashfs."""
    offset, _ = root_partition(sif)
    process.check("unsquashfs", "-no-progress", "-o", str(offset), "-d", folder, sif)
    return folder


def patch(path, offset, data):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(data)


def patch_slot(sif, number, field, value):
    """Sets a field of descriptor `number`, from 0: "offset" or "size"."""
    patch(sif, _TABLE + number * _SLOT + {"offset": 17, "size": 25}[field], struct.pack("<q", value))


def describe(folder):
    """Every file below a folder: kind, mode, owner, time, content or target, attributes, which names are one."""
    found, names = {}, {}
    for parent, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(parent, name)
            short = os.path.relpath(path, folder)
            status = os.lstat(path)
            mode = status.st_mode
            what = b""
            if stat.S_ISLNK(mode):
                what = os.readlink(path).encode()
            elif stat.S_ISREG(mode):
                names.setdefault(status.st_ino, []).append(short)
                with open(path, "rb") as file:
                    what = file.read()
            elif stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
                what = b"%d:%d" % (os.major(status.st_rdev), os.minor(status.st_rdev))
            xattrs = {key: os.getxattr(path, key, follow_symlinks=False)
                      for key in os.listxattr(path, follow_symlinks=False)}
            found[short] = (oct(mode), status.st_uid, status.st_gid, int(status.st_mtime), what, xattrs)
    return found, sorted(sorted(group) for group in names.values() if len(group) > 1)


def flatten(tars, folder):
    """Layers applied one over the other, as the image specification says it, by nothing but Python."""
    os.mkdir(folder)
    times = {}
    for name in tars:
        with tarfile.open(name) as tar:
            members = tar.getmembers()
            for member in members:
                parent, base = os.path.split(os.path.join(folder, member.name))
                if base == ".wh..wh..opq":
                    for old in os.listdir(parent):
                        _remove(os.path.join(parent, old))
                elif base.startswith(".wh."):
                    _remove(os.path.join(parent, base[4:]))
            for member in members:
                path = os.path.join(folder, member.name)
                if os.path.basename(path).startswith(".wh."):
                    continue
                if os.path.lexists(path) and not (member.isdir() and os.path.isdir(path)):
                    _remove(path)
                _put(tar, member, path, folder)
                times[path] = member.mtime
    for path, time in sorted(times.items(), reverse=True):
        if os.path.lexists(path):
            os.utime(path, (time, time), follow_symlinks=False)
    return folder


def _remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        for name in os.listdir(path):
            _remove(os.path.join(path, name))
        os.rmdir(path)
    elif os.path.lexists(path):
        os.unlink(path)


def _put(tar, member, path, folder):
    if member.islnk():
        return os.link(os.path.join(folder, member.linkname), path)
    if member.isdir():
        os.makedirs(path, exist_ok=True)
    elif member.issym():
        os.symlink(member.linkname, path)
    elif member.isreg():
        with open(path, "wb") as file:
            file.write(tar.extractfile(member).read())
    else:
        kind = {tarfile.CHRTYPE: stat.S_IFCHR, tarfile.BLKTYPE: stat.S_IFBLK, tarfile.FIFOTYPE: stat.S_IFIFO}
        os.mknod(path, kind[member.type], os.makedev(member.devmajor, member.devminor))
    os.lchown(path, member.uid, member.gid)
    if not member.issym():
        os.chmod(path, member.mode)
    for key, value in member.pax_headers.items():
        if key.startswith("SCHILY.xattr."):
            os.setxattr(path, key[13:], value.encode(), follow_symlinks=False)
