// sealos/abi.h 1.0 in Rust: the members in their order, and of the constants those that are used. Where the header says
// "optional", the type is an Option.
use std::ffi::c_void;
use std::os::raw::c_char;
use std::ptr::null;

pub type Status = i32;
pub const OK: Status = 0;
pub const NOT_FOUND: Status = 1;
pub const INVALID: Status = 3;
pub const CORRUPT: Status = 9;
pub const IO: Status = 11;
pub const INTERNAL: Status = 12;

pub const PARALLEL: u32 = 1;
pub const CAN_READ: u32 = 1;
pub const CAN_WRITE: u32 = 2;

#[repr(C)]
pub struct Error {
    pub struct_size: u32,
    pub flags: u32,
    pub retry_after_ms: i64,
    pub message: *const c_char,
    pub implementation: *mut c_void,
    pub release: Option<extern "C" fn(*mut Error)>,
}

#[repr(C)]
pub struct Item {
    pub label: *const c_char,
    pub data: *const c_void,
    pub size: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Blob {
    pub struct_size: u32,
    pub flags: u32,
    pub digest: *const c_char,
    pub size: i64,
    pub media_type: *const c_char,
    pub compression: *const c_char,
    pub urls: *const *const c_char,
    pub annotations: *const *const c_char,
    pub location: *const c_char,
    pub layer_index: i64,
}

pub type Emit = extern "C" fn(*mut c_void, *const Item) -> Status;
pub type EmitBlob = extern "C" fn(*mut c_void, *const Blob) -> Status;
/// A member that this plugin neither offers nor calls.
pub type Unused = Option<extern "C" fn()>;

#[repr(C)]
pub struct Stream {
    pub struct_size: u32,
    pub fd: i32,
    pub size: i64,
    pub implementation: *mut c_void,
    pub release: extern "C" fn(*mut Stream),
    pub read: extern "C" fn(*mut Stream, *mut c_void, usize, *mut Error) -> i64,
}

#[repr(C)]
pub struct Source {
    pub struct_size: u32,
    pub flags: u32,
    pub implementation: *mut c_void,
    pub release: extern "C" fn(*mut Source),
    pub read_manifest: extern "C" fn(*mut Source, *const c_char, Emit, *mut c_void, *mut Error) -> Status,
    pub open_blob: extern "C" fn(*mut Source, *const Blob, i64, i64, *mut *mut Stream, *mut Error) -> Status,
    pub read_signatures: Unused,
    pub layer_infos: Unused,
    pub get_extension: Unused,
}

#[repr(C)]
pub struct Destination {
    pub struct_size: u32,
    pub flags: u32,
    pub manifest_types: *const *const c_char,
    pub layer_compressions: *const *const c_char,
    pub signature_formats: *const *const c_char,
    pub compression: i64,
    pub implementation: *mut c_void,
    pub release: Option<extern "C" fn(*mut Destination)>,
    pub put_blob: Option<
        extern "C" fn(*mut Destination, *const Blob, *mut Stream, EmitBlob, *mut c_void, *mut Error) -> Status,
    >,
    pub try_reuse: Unused,
    pub put_manifest: Option<extern "C" fn(*mut Destination, *const c_char, *const Item, *mut Error) -> Status>,
    pub put_signatures: Unused,
    pub commit:
        Option<extern "C" fn(*mut Destination, *const Item, Option<Emit>, *mut c_void, *mut Error) -> Status>,
    pub abort: Unused,
    pub get_extension: Unused,
}

impl Destination {
    pub const EMPTY: Destination = Destination {
        struct_size: 0,
        flags: 0,
        manifest_types: null(),
        layer_compressions: null(),
        signature_formats: null(),
        compression: 0,
        implementation: std::ptr::null_mut(),
        release: None,
        put_blob: None,
        try_reuse: None,
        put_manifest: None,
        put_signatures: None,
        commit: None,
        abort: None,
        get_extension: None,
    };
}

#[repr(C)]
pub struct Reference {
    pub struct_size: u32,
    pub flags: u32,
    pub implementation: *mut c_void,
    pub release: Option<extern "C" fn(*mut Reference)>,
    pub canonical: *const c_char,
    pub docker_name: *const c_char,
    pub policy_identity: *const c_char,
    pub policy_namespaces: *const *const c_char,
    pub cache_scope: *const c_char,
    pub open_source:
        Option<extern "C" fn(*const Reference, *const c_void, *mut *mut Source, *mut Error) -> Status>,
    pub open_destination:
        Option<extern "C" fn(*const Reference, *const c_void, *mut *mut Destination, *mut Error) -> Status>,
    pub list_tags: Unused,
    pub remove: Unused,
    pub open_preview: Unused,
    pub get_extension: Unused,
}

impl Reference {
    pub const EMPTY: Reference = Reference {
        struct_size: 0,
        flags: 0,
        implementation: std::ptr::null_mut(),
        release: None,
        canonical: null(),
        docker_name: null(),
        policy_identity: c_text(b"\0"),
        policy_namespaces: null(),
        cache_scope: null(),
        open_source: None,
        open_destination: None,
        list_tags: None,
        remove: None,
        open_preview: None,
        get_extension: None,
    };
}

#[repr(C)]
pub struct Transport {
    pub struct_size: u32,
    pub flags: u32,
    pub name: *const c_char,
    pub options: *const *const c_char,
    pub parse_reference: extern "C" fn(
        *const Transport, *const c_void, *const c_char, *mut *mut Reference, *mut Error,
    ) -> Status,
    pub check_policy_scope: Unused,
    pub get_extension: Unused,
}
unsafe impl Sync for Transport {} // it never changes

#[repr(transparent)]
pub struct TransportPointer(pub *const Transport);
unsafe impl Sync for TransportPointer {}

#[repr(C)]
pub struct Plugin {
    pub struct_size: u32,
    pub abi_minor: u32,
    pub name: *const c_char,
    pub version: *const c_char,
    pub start: Unused,
    pub transports: *const TransportPointer,
}
unsafe impl Sync for Plugin {}

/// Bytes that end with a zero, as C sees text.
pub const fn c_text(bytes: &'static [u8]) -> *const c_char {
    bytes.as_ptr() as *const c_char
}
