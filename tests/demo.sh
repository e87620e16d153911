#!/usr/bin/env bash
# demo.sh BUILD: makes an image with buildah, pushes it with the sealos of BUILD to a docker-registry on
# loopback and reads it back with skopeo. Everything lives in a temporary folder; no network is used.
set -euo pipefail
build=$(readlink -f "$1")
export PATH="$build/bin:/usr/sbin:$PATH" SEALOS_PLUGIN_PATH="$build/plugins" BUILDAH_ISOLATION=chroot
work=$(mktemp -d)
registry=
trap '[ -z "$registry" ] || kill "$registry"; rm -rf "$work"' EXIT

step() { printf '\n# %s\n' "$*"; }
show() { printf '$ %s\n' "$*"; "$@"; }
store=(--root "$work/store" --runroot "$work/run" --storage-driver vfs)

step "An image of two layers, made with buildah out of busybox"
container=$(buildah "${store[@]}" from scratch)
root=$(buildah "${store[@]}" mount "$container")
mkdir -p "$root/bin" "$root/etc"
cp /bin/busybox "$root/bin/busybox"
ln "$root/bin/busybox" "$root/bin/sh"
buildah "${store[@]}" config --cmd /bin/sh --env PATH=/bin "$container"
buildah "${store[@]}" commit -q "$container" localhost/first:1 >/dev/null
container=$(buildah "${store[@]}" from localhost/first:1)
root=$(buildah "${store[@]}" mount "$container")
echo "pushed by sealos" >"$root/etc/motd"
buildah "${store[@]}" commit -q "$container" localhost/app:1 >/dev/null
show buildah "${store[@]}" images
cat >"$work/storage.conf" <<END
[storage]
driver = "vfs"
graphroot = "$work/store"
runroot = "$work/run"
END
export CONTAINERS_STORAGE_CONF=$work/storage.conf

step "A registry on loopback"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$work/registry.yml" <<END
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: "127.0.0.1:$port"}
END
docker-registry serve "$work/registry.yml" 2>"$work/registry.log" &
registry=$!
curl -sf --retry 50 --retry-connrefused --retry-delay 1 "http://127.0.0.1:$port/v2/" >/dev/null
echo "docker-registry listens on 127.0.0.1:$port"

step "The push, out of the local store"
show sealos push --tls-verify=false --digestfile "$work/digest" localhost/app:1 "docker://127.0.0.1:$port/app:1"

step "skopeo reads it back"
show skopeo inspect --tls-verify=false "docker://127.0.0.1:$port/app:1"
show skopeo copy -q --src-tls-verify=false "docker://127.0.0.1:$port/app:1" "dir:$work/back"
pushed=$(skopeo manifest-digest "$work/back/manifest.json")
[ "$pushed" = "$(cat "$work/digest")" ] || { echo "the registry has $pushed"; exit 1; }
for layer in $(jq -r '.layers[].digest' "$work/back/manifest.json"); do
  tar -tzf "$work/back/${layer#sha256:}"
done
step "The same image, digest for digest."
