// pile:FOLDER:NAME - a transport in Rust, of the standard library alone. What it keeps:
//   FOLDER/NAME.image        the media type, a line feed, the bytes of the manifest
//   FOLDER/ALGORITHM-HEX     a blob, or (with .image) an instance of an index
// Above: the transport. Below, in `sha256`: what a blob is called that comes without a digest. The part of
// sealos/abi.h that it uses is in abi.rs.
mod abi;
mod sha256;

use abi::*;
use std::ffi::{c_void, CStr, CString};
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::raw::c_char;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;

/// What went wrong, as sealos is told it.
struct Failure(Status, String);

type Outcome<T> = Result<T, Failure>;

impl From<(std::io::Error, &Path)> for Failure {
    fn from((error, path): (std::io::Error, &Path)) -> Failure {
        let status = if error.kind() == std::io::ErrorKind::NotFound { NOT_FOUND } else { IO };
        Failure(status, format!("pile: {}: {}", path.display(), error))
    }
}

fn invalid(text: &str) -> Failure {
    Failure(INVALID, format!("pile: {}", text))
}

/// Runs the body of a function that C calls: failures and panics become statuses.
fn guard(error: *mut Error, body: impl FnOnce() -> Outcome<()>) -> Status {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
    match outcome.unwrap_or_else(|_| Err(Failure(INTERNAL, "pile: it panicked".to_string()))) {
        Ok(()) => OK,
        Err(Failure(status, text)) => {
            // What an emit callback refused has been said already.
            if !error.is_null() && !text.is_empty() {
                let message = CString::new(text.replace(['\n', '\0'], " ")).unwrap_or_default().into_raw();
                unsafe {
                    (*error).message = message;
                    (*error).implementation = message as *mut c_void;
                    (*error).release = Some(release_error);
                }
            }
            status
        }
    }
}

extern "C" fn release_error(error: *mut Error) {
    unsafe {
        drop(CString::from_raw((*error).implementation as *mut c_char));
        (*error).release = None;
    }
}

/// Text from C; None for NULL.
unsafe fn text(c: *const c_char) -> Outcome<Option<String>> {
    if c.is_null() {
        return Ok(None);
    }
    let text = CStr::from_ptr(c).to_str().map_err(|_| invalid("text that is not UTF-8"))?;
    Ok(Some(text.to_string()))
}

/// Where an image and its blobs are.
#[derive(Clone)]
struct Place {
    folder: PathBuf,
    name: String,
}

impl Place {
    fn blob(&self, digest: &str) -> Outcome<PathBuf> {
        match digest.split_once(':') {
            Some((algorithm, hex)) if !digest.contains('/') => Ok(self.folder.join(format!("{}-{}", algorithm, hex))),
            _ => Err(invalid("this is no digest")),
        }
    }

    fn manifest(&self, instance: Option<String>) -> Outcome<PathBuf> {
        let mut path = match instance {
            Some(digest) => self.blob(&digest)?.into_os_string(),
            None => self.folder.join(&self.name).into_os_string(),
        };
        path.push(".image");
        Ok(path.into())
    }
}

/// A file that appears under its name whole, or not at all.
struct NewFile {
    path: PathBuf,
    file: File,
}

impl NewFile {
    fn new(folder: &Path) -> Outcome<NewFile> {
        static SERIAL: AtomicUsize = AtomicUsize::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".new-{}-{}", std::process::id(), serial));
        let file = File::create(&path).map_err(|e| (e, path.as_path()))?;
        Ok(NewFile { path, file })
    }

    fn write(&mut self, bytes: &[u8]) -> Outcome<()> {
        self.file.write_all(bytes).map_err(|e| (e, self.path.as_path()).into())
    }

    fn keep_as(&mut self, name: &Path) -> Outcome<()> {
        fs::rename(&self.path, name).map_err(|e| (e, name).into())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path); // it is not there where it was kept
    }
}

// A blob that is read.

struct FileStream {
    path: PathBuf,
    file: File,
    left: u64,
}

extern "C" fn read_stream(this: *mut Stream, into: *mut c_void, room: usize, error: *mut Error) -> i64 {
    let mut n = 0;
    let status = guard(error, || {
        let stream = unsafe { &mut *((*this).implementation as *mut FileStream) };
        let most = room.min(stream.left.try_into().unwrap_or(usize::MAX));
        let into = unsafe { std::slice::from_raw_parts_mut(into as *mut u8, most) };
        n = stream.file.read(into).map_err(|e| (e, stream.path.as_path()))?;
        stream.left -= n as u64;
        if n == 0 && stream.left > 0 {
            return Err(Failure(CORRUPT, format!("pile: {} ends too early", stream.path.display())));
        }
        Ok(())
    });
    if status == OK { n as i64 } else { -i64::from(status) }
}

extern "C" fn release_stream(this: *mut Stream) {
    unsafe {
        drop(Box::from_raw((*this).implementation as *mut FileStream));
        drop(Box::from_raw(this));
    }
}

// An image that is read.

extern "C" fn open_blob(
    this: *mut Source, blob: *const Blob, offset: i64, length: i64, out: *mut *mut Stream, error: *mut Error,
) -> Status {
    guard(error, || unsafe {
        let place = &*((*this).implementation as *const Place);
        let digest = text((*blob).digest)?.ok_or_else(|| invalid("a blob without a digest"))?;
        let path = place.blob(&digest)?;
        let mut file = File::open(&path).map_err(|e| (e, path.as_path()))?;
        let size = file.metadata().map_err(|e| (e, path.as_path()))?.len();
        let offset = u64::try_from(offset).map_err(|_| invalid("a negative offset"))?;
        let left = u64::try_from(length).unwrap_or_else(|_| size.saturating_sub(offset));
        if offset > size || left > size - offset {
            return Err(Failure(CORRUPT, format!("pile: {} ends too early", path.display())));
        }
        file.seek(SeekFrom::Start(offset)).map_err(|e| (e, path.as_path()))?;
        let implementation = Box::into_raw(Box::new(FileStream { path, file, left })) as *mut c_void;
        *out = Box::into_raw(Box::new(Stream {
            struct_size: std::mem::size_of::<Stream>() as u32,
            fd: -1,
            size: left as i64,
            implementation,
            release: release_stream,
            read: read_stream,
        }));
        Ok(())
    })
}

extern "C" fn read_manifest(
    this: *mut Source, instance: *const c_char, emit: Emit, to: *mut c_void, error: *mut Error,
) -> Status {
    guard(error, || unsafe {
        let place = &*((*this).implementation as *const Place);
        let path = place.manifest(text(instance)?)?;
        let bytes = fs::read(&path).map_err(|e| (e, path.as_path()))?;
        let end = bytes.iter().position(|&b| b == b'\n').ok_or_else(|| invalid("a manifest without a type"))?;
        let label = CString::new(&bytes[..end]).map_err(|_| invalid("a type with a zero in it"))?;
        let data = &bytes[end + 1..];
        emitted(emit(to, &Item { label: label.as_ptr(), data: data.as_ptr() as *const c_void, size: data.len() }))
    })
}

fn emitted(status: Status) -> Outcome<()> {
    if status == OK { Ok(()) } else { Err(Failure(status, String::new())) }
}

extern "C" fn release_source(this: *mut Source) {
    unsafe {
        drop(Box::from_raw((*this).implementation as *mut Place));
        drop(Box::from_raw(this));
    }
}

// An image that is written.

struct Target {
    place: Place,
    top: Mutex<Option<Vec<u8>>>,
}

extern "C" fn put_blob(
    this: *mut Destination, blob: *const Blob, from: *mut Stream, emit: EmitBlob, to: *mut c_void, error: *mut Error,
) -> Status {
    let mut refused = OK; // a failure of the stream is returned as it came
    let status = guard(error, || unsafe {
        let place = &(*((*this).implementation as *const Target)).place;
        let mut file = NewFile::new(&place.folder)?;
        let known = text((*blob).digest)?;
        let mut hash = sha256::Sha256::new();
        let mut buffer = vec![0u8; 1 << 17];
        let mut size = 0;
        loop {
            let n = ((*from).read)(from, buffer.as_mut_ptr() as *mut c_void, buffer.len(), error);
            if n < 0 {
                refused = -n as Status;
                return Ok(());
            }
            if n == 0 {
                break; // these were the right bytes
            }
            let bytes = &buffer[..n as usize];
            file.write(bytes)?;
            if known.is_none() {
                hash.update(bytes);
            }
            size += n;
        }
        let digest = known.unwrap_or_else(|| hash.digest());
        file.keep_as(&place.blob(&digest)?)?;
        let digest = CString::new(digest).map_err(|_| invalid("a digest with a zero in it"))?;
        let mut put = *blob;
        put.struct_size = std::mem::size_of::<Blob>() as u32;
        put.digest = digest.as_ptr();
        put.size = size;
        emitted(emit(to, &put))
    });
    if refused != OK { refused } else { status }
}

extern "C" fn put_manifest(
    this: *mut Destination, instance: *const c_char, manifest: *const Item, error: *mut Error,
) -> Status {
    guard(error, || unsafe {
        let target = &*((*this).implementation as *const Target);
        let mut bytes = CStr::from_ptr((*manifest).label).to_bytes().to_vec();
        bytes.push(b'\n');
        bytes.extend_from_slice(std::slice::from_raw_parts((*manifest).data as *const u8, (*manifest).size));
        match text(instance)? {
            Some(digest) => store(&target.place, &bytes, &target.place.manifest(Some(digest))?),
            None => {
                *target.top.lock().map_err(|_| invalid("a lock is broken"))? = Some(bytes);
                Ok(())
            }
        }
    })
}

fn store(place: &Place, bytes: &[u8], path: &Path) -> Outcome<()> {
    let mut file = NewFile::new(&place.folder)?;
    file.write(bytes)?;
    file.keep_as(path)
}

extern "C" fn commit(
    this: *mut Destination, _top: *const Item, _emit: Option<Emit>, _to: *mut c_void, error: *mut Error,
) -> Status {
    guard(error, || {
        let target = unsafe { &*((*this).implementation as *const Target) };
        match target.top.lock().map_err(|_| invalid("a lock is broken"))?.take() {
            Some(bytes) => store(&target.place, &bytes, &target.place.manifest(None)?),
            None => Ok(()),
        }
    })
}

extern "C" fn release_destination(this: *mut Destination) {
    unsafe {
        drop(Box::from_raw((*this).implementation as *mut Target));
        drop(Box::from_raw(this));
    }
}

// A name.

struct Name {
    place: Place,
    canonical: CString,
}

extern "C" fn open_source(
    this: *const Reference, _host: *const c_void, out: *mut *mut Source, error: *mut Error,
) -> Status {
    guard(error, || unsafe {
        let name = &*((*this).implementation as *const Name);
        *out = Box::into_raw(Box::new(Source {
            struct_size: std::mem::size_of::<Source>() as u32,
            flags: PARALLEL,
            implementation: Box::into_raw(Box::new(name.place.clone())) as *mut c_void,
            release: release_source,
            read_manifest,
            open_blob,
            read_signatures: None,
            layer_infos: None,
            get_extension: None,
        }));
        Ok(())
    })
}

extern "C" fn open_destination(
    this: *const Reference, _host: *const c_void, out: *mut *mut Destination, error: *mut Error,
) -> Status {
    guard(error, || unsafe {
        let name = &*((*this).implementation as *const Name);
        fs::create_dir_all(&name.place.folder).map_err(|e| (e, name.place.folder.as_path()))?;
        let target = Target { place: name.place.clone(), top: Mutex::new(None) };
        *out = Box::into_raw(Box::new(Destination {
            struct_size: std::mem::size_of::<Destination>() as u32,
            flags: PARALLEL,
            implementation: Box::into_raw(Box::new(target)) as *mut c_void,
            release: Some(release_destination),
            put_blob: Some(put_blob),
            put_manifest: Some(put_manifest),
            commit: Some(commit),
            ..Destination::EMPTY
        }));
        Ok(())
    })
}

extern "C" fn parse(
    _this: *const Transport, _host: *const c_void, details: *const c_char, out: *mut *mut Reference, error: *mut Error,
) -> Status {
    guard(error, || unsafe {
        let details = text(details)?.unwrap_or_default();
        let (folder, name) = details.rsplit_once(':').unwrap_or_default();
        if folder.is_empty() || name.is_empty() || name.starts_with('.') || name.contains('/') {
            return Err(invalid("not FOLDER:NAME"));
        }
        let place = Place { folder: folder.into(), name: name.to_string() };
        let canonical = CString::new(details.as_str()).map_err(|_| invalid("a name with a zero in it"))?;
        let shown = canonical.as_ptr();
        *out = Box::into_raw(Box::new(Reference {
            struct_size: std::mem::size_of::<Reference>() as u32,
            implementation: Box::into_raw(Box::new(Name { place, canonical })) as *mut c_void,
            release: Some(release_reference),
            canonical: shown,
            open_source: Some(open_source),
            open_destination: Some(open_destination),
            ..Reference::EMPTY
        }));
        Ok(())
    })
}

extern "C" fn release_reference(this: *mut Reference) {
    unsafe {
        let name = Box::from_raw((*this).implementation as *mut Name);
        drop(name.canonical);
        drop(Box::from_raw(this));
    }
}

static PILE: Transport = Transport {
    struct_size: std::mem::size_of::<Transport>() as u32,
    flags: CAN_READ | CAN_WRITE,
    name: c_text(b"pile\0"),
    options: std::ptr::null(),
    parse_reference: parse,
    check_policy_scope: None,
    get_extension: None,
};
static TRANSPORTS: [TransportPointer; 2] = [TransportPointer(&PILE), TransportPointer(std::ptr::null())];

#[no_mangle]
#[allow(non_upper_case_globals)]
pub static sealos_plugin_v1: Plugin = Plugin {
    struct_size: std::mem::size_of::<Plugin>() as u32,
    abi_minor: 0,
    name: c_text(b"pile\0"),
    version: c_text(b"1.0.0\0"),
    start: None,
    transports: TRANSPORTS.as_ptr(),
};
