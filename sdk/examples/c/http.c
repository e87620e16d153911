/* http://HOST/FOLDER, https://HOST/FOLDER - reads an image from a folder that "dir:" has written
 * and any web server shows. Plain C over sealos/abi.h; the program curl does the talking, and with
 * it proxies and certificates are what users have set up for it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sealos/abi.h"

extern char **environ;

enum { MAX_MANIFEST = 4 << 20 };

/* What the host frees by the error's own release. */
static void release_error(sealos_error *self) {
  free(self->impl);
  self->release = NULL;
}

__attribute__((format(printf, 3, 4))) static sealos_status fail(sealos_error *error,
                                                                sealos_status status,
                                                                const char *format, ...) {
  char *text = NULL;
  va_list arguments;
  if (error == NULL) return status;
  va_start(arguments, format);
  if (vasprintf(&text, format, arguments) < 0) text = NULL;
  va_end(arguments);
  error->flags = status == SEALOS_UNAVAILABLE ? SEALOS_ERROR_RETRYABLE : 0;
  error->message = text;
  error->impl = text;
  error->release = release_error;
  return status;
}

/* A download: what curl writes into a pipe. */
typedef struct download {
  sealos_stream stream; /* first, so that it can be cast */
  const sealos_host *host;
  int pipe;
  pid_t curl;
  char url[]; /* for messages */
} download;

static void release_download(sealos_stream *self) {
  download *d = self->impl;
  close(d->pipe);
  if (d->curl > 0) {
    kill(d->curl, SIGKILL); /* the mask of the thread that started it may hold back others */
    while (waitpid(d->curl, NULL, 0) < 0 && errno == EINTR) continue;
  }
  free(d);
}

/* The end of the pipe is a good end only if curl says so. */
static int64_t finish(download *d, sealos_error *error) {
  int state = 0;
  if (d->curl <= 0) return 0;
  while (waitpid(d->curl, &state, 0) < 0) {
    if (errno != EINTR) return -fail(error, SEALOS_INTERNAL, "http: curl is gone");
  }
  d->curl = 0;
  if (WIFEXITED(state) && WEXITSTATUS(state) == 0) return 0;
  if (WIFEXITED(state) && WEXITSTATUS(state) == 22) /* --fail: a status of 400 or more */
    return -fail(error, SEALOS_NOT_FOUND, "http: %s is not there, or is refused", d->url);
  return -fail(error, SEALOS_UNAVAILABLE, "http: reading %s failed (curl ended with %d)", d->url,
               WIFEXITED(state) ? WEXITSTATUS(state) : -1);
}

static int64_t read_download(sealos_stream *self, void *into, size_t room, sealos_error *error) {
  download *d = self->impl;
  while (d->curl > 0) {
    struct pollfd wait[2] = {{d->pipe, POLLIN, 0}, {d->host->cancel_fd(d->host), POLLIN, 0}};
    ssize_t n;
    if (poll(wait, 2, -1) < 0 && errno != EINTR)
      return -fail(error, SEALOS_IO, "http: poll: %s", strerror(errno));
    if (wait[1].revents != 0) return -fail(error, SEALOS_CANCELLED, "http: cancelled");
    if (wait[0].revents == 0) continue;
    n = read(d->pipe, into, room);
    if (n > 0) return n;
    if (n == 0) return finish(d, error);
    if (errno != EINTR)
      return -fail(error, SEALOS_IO, "http: reading from curl: %s", strerror(errno));
  }
  return 0;
}

static sealos_status start_curl(download *d, int out, sealos_error *error) {
  const char *verify = d->host->option(d->host, "tls-verify");
  const int any = verify != NULL && strcmp(verify, "false") == 0;
  const char *const arguments[] = {
      "curl",      "--silent", "--fail",      "--location",
      "--globoff", "--proto",  "=http,https", "--connect-timeout",
      "30",        "--url",    d->url,        any ? "--insecure" : NULL,
      NULL};
  posix_spawn_file_actions_t actions;
  int result = posix_spawn_file_actions_init(&actions);
  if (result == 0) {
    result = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (result == 0)
      result = posix_spawnp(&d->curl, "curl", &actions, NULL, (char *const *)arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
  }
  if (result == 0) return SEALOS_OK;
  d->curl = 0;
  return fail(error, SEALOS_UNSUPPORTED, "http: curl cannot be started: %s", strerror(result));
}

static sealos_status open_url(const sealos_host *host, const char *folder, const char *file,
                              int64_t size, sealos_stream **out, sealos_error *error) {
  const size_t length = strlen(folder) + 1 + strlen(file) + 1;
  download *d = calloc(1, sizeof *d + length);
  int ends[2];
  sealos_status status;
  if (d == NULL) return fail(error, SEALOS_INTERNAL, "http: out of memory");
  snprintf(d->url, length, "%s/%s", folder, file);
  if (pipe2(ends, O_CLOEXEC) != 0) {
    free(d);
    return fail(error, SEALOS_IO, "http: no pipe: %s", strerror(errno));
  }
  d->host = host;
  d->pipe = ends[0];
  d->stream = (sealos_stream){.struct_size = sizeof d->stream,
                              .fd = -1,
                              .size = size,
                              .impl = d,
                              .release = release_download,
                              .read = read_download};
  status = start_curl(d, ends[1], error);
  close(ends[1]);
  if (status == SEALOS_OK) {
    *out = &d->stream;
  } else {
    release_download(&d->stream);
  }
  return status;
}

/* The name that dir: gives to a blob: its hexadecimal digits, other algorithms than sha256 before
 * them. */
static sealos_status name_of(const char *digest, const char *end, char *name, size_t room,
                             sealos_error *error) {
  const char *colon = digest == NULL ? NULL : strchr(digest, ':');
  const int sha256 = colon != NULL && strncmp(digest, "sha256:", 7) == 0;
  int n = -1;
  if (colon != NULL && strchr(digest, '/') == NULL)
    n = snprintf(name, room, "%.*s%s%s%s", sha256 ? 0 : (int)(colon - digest), digest,
                 sha256 ? "" : "-", colon + 1, end);
  if (n >= 0 && (size_t)n < room) return SEALOS_OK;
  return fail(error, SEALOS_UNSUPPORTED, "http: not a digest: %s",
              digest == NULL ? "none" : digest);
}

typedef struct folder_source {
  sealos_source source;
  const sealos_host *host;
  char folder[];
} folder_source;

static void release_source(sealos_source *self) { free(self->impl); }

static sealos_status open_blob(sealos_source *self, const sealos_blob *blob, int64_t offset,
                               int64_t length, sealos_stream **out, sealos_error *error) {
  folder_source *s = self->impl;
  char name[256];
  const sealos_status status = name_of(blob->digest, "", name, sizeof name, error);
  if (status != SEALOS_OK) return status;
  if (offset != 0 || (length >= 0 && length != blob->size))
    return fail(error, SEALOS_UNSUPPORTED, "http: only whole files can be had");
  return open_url(s->host, s->folder, name, blob->size, out, error);
}

static sealos_status read_manifest(sealos_source *self, const char *instance, sealos_emit emit,
                                   void *to, sealos_error *error) {
  folder_source *s = self->impl;
  char name[256] = "manifest.json";
  char *text = NULL;
  size_t size = 0;
  int64_t n = 1;
  sealos_stream *stream = NULL;
  sealos_status status = SEALOS_OK;
  if (instance != NULL) status = name_of(instance, ".manifest.json", name, sizeof name, error);
  if (status == SEALOS_OK) status = open_url(s->host, s->folder, name, -1, &stream, error);
  if (status != SEALOS_OK) return status;
  text = malloc(MAX_MANIFEST);
  if (text == NULL) status = fail(error, SEALOS_INTERNAL, "http: out of memory");
  while (status == SEALOS_OK && n > 0) {
    n = size == MAX_MANIFEST
            ? -fail(error, SEALOS_INVALID, "http: %s/%s is too large", s->folder, name)
            : stream->read(stream, text + size, MAX_MANIFEST - size, error);
    if (n < 0) status = (sealos_status)-n;
    if (n > 0) size += (size_t)n;
  }
  stream->release(stream);
  if (status == SEALOS_OK) {
    const sealos_item item = {"", text, size}; /* the host looks what type it is */
    status = emit(to, &item);
  }
  free(text);
  return status;
}

typedef struct folder_reference {
  sealos_reference reference;
  const char *url; /* "http://host/folder" */
  char text[];
} folder_reference;

static void release_reference(sealos_reference *self) { free(self->impl); }

static sealos_status open_source(const sealos_reference *self, const sealos_host *host,
                                 sealos_source **out, sealos_error *error) {
  const folder_reference *r = self->impl;
  const size_t length = strlen(r->url) + 1;
  folder_source *s = calloc(1, sizeof *s + length);
  if (s == NULL) return fail(error, SEALOS_INTERNAL, "http: out of memory");
  memcpy(s->folder, r->url, length);
  s->host = host;
  s->source = (sealos_source){.struct_size = sizeof s->source,
                              .flags = SEALOS_PARALLEL,
                              .impl = s,
                              .release = release_source,
                              .read_manifest = read_manifest,
                              .open_blob = open_blob};
  *out = &s->source;
  return SEALOS_OK;
}

static sealos_status parse(const sealos_transport *self, const sealos_host *host,
                           const char *details, sealos_reference **out, sealos_error *error) {
  const size_t name = strlen(self->name) + 1;
  size_t length = strlen(details);
  folder_reference *r;
  (void)host;
  while (length > 0 && details[length - 1] == '/') length--;
  if (length < 3 || strncmp(details, "//", 2) != 0 || details[2] == '/' ||
      strpbrk(details, " ?#\n"))
    return fail(error, SEALOS_INVALID, "%s: not //HOST/FOLDER", self->name);
  r = calloc(1, sizeof *r + name + length + 1);
  if (r == NULL) return fail(error, SEALOS_INTERNAL, "http: out of memory");
  sprintf(r->text, "%s:%.*s", self->name, (int)length, details);
  r->url = r->text;
  r->reference = (sealos_reference){.struct_size = sizeof r->reference,
                                    .impl = r,
                                    .release = release_reference,
                                    .canonical = r->text + name,
                                    .policy_identity = r->text + name,
                                    .open_source = open_source};
  *out = &r->reference;
  return SEALOS_OK;
}

static const char *const options[] = {"tls-verify", "false: any certificate will do", NULL};
static const sealos_transport http = {.struct_size = sizeof http,
                                      .flags = SEALOS_CAN_READ,
                                      .name = "http",
                                      .options = options,
                                      .parse_reference = parse};
static const sealos_transport https = {.struct_size = sizeof https,
                                       .flags = SEALOS_CAN_READ,
                                       .name = "https",
                                       .options = options,
                                       .parse_reference = parse};
static const sealos_transport *const transports[] = {&http, &https, NULL};

SEALOS_EXPORT const sealos_plugin sealos_plugin_v1 = {.struct_size = sizeof sealos_plugin_v1,
                                                      .abi_minor = SEALOS_ABI_MINOR,
                                                      .name = "http",
                                                      .version = "1.0.0",
                                                      .transports = transports};
