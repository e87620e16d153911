#!/usr/bin/env bash
# tests/subsets.sh [FOLDER] [RANDOM-ONES]: builds sealos with no plugin, with each alone, with all, and with some random
# subsets (10), and looks whether exactly those are there and work. FOLDER (build/subsets; one that is configured already keeps
# how) is used again for all of them, so that only plugins are linked anew. SEED=… repeats a run.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
folder=${1:-build/subsets} count=${2:-10}
all=(containers-storage dir docker docker-archive docker-daemon oci oci-archive ostree sif)
RANDOM=${SEED:=$$}
echo "SEED=$SEED"

# A subset is a line of names between spaces.
subsets() {
  echo " "
  printf ' %s \n' "${all[@]}"
  echo " ${all[*]} "
  local i name chosen
  for ((i = 0; i < count; i++)); do
    chosen=" "
    for name in "${all[@]}"; do
      [ $((RANDOM % 2)) = 0 ] || chosen+="$name "
    done
    echo "$chosen"
  done
}

configure() {
  local name options=()
  for name in "${all[@]}"; do
    [[ $1 == *" $name "* ]] && options+=(ON) || options+=(OFF)
    options[-1]="-DSEALOS_WITH_$(tr a-z- A-Z_ <<<"$name")=${options[-1]}"
  done
  [ -e "$folder/CMakeCache.txt" ] || options+=(-G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-O1 -DBUILD_TESTING=OFF)
  cmake -S . -B "$folder" "${options[@]}" >"$folder.log" 2>&1 || { cat "$folder.log"; return 1; }
}

# What is installed is what was asked for, every library finds what it needs, a copy works where one can, and where a
# transport is missing its package is named.
check() {
  local prefix=$PWD/$folder/installed listed
  rm -rf "$prefix"
  cmake --install "$folder" --prefix "$prefix" >/dev/null
  listed=$("$prefix/bin/sealos" transports --json | python3 -c '
import json, sys
rows = json.load(sys.stdin)
assert not any("problem" in row for row in rows), rows
print("", *sorted(row["name"] for row in rows), "")')
  [ "$(tr -s ' ' '\n' <<<"$listed" | sort)" = "$(tr -s ' ' '\n' <<<"$1" | sort)" ] || { echo "installed: $listed"; return 1; }
  if [[ $1 == *" oci "* && $1 == *" dir "* ]]; then
    "$prefix/bin/sealos" push -q "oci:$folder.image" "dir:$prefix/copy" >/dev/null
  fi
  local name said
  for name in "${all[@]}"; do
    [[ $1 != *" $name "* ]] || continue
    said=$("$prefix/bin/sealos" push "$name:x" "$name:y" 2>&1) && return 1
    [[ $said == *"sealos-transport-$name"* ]] || { echo "$name: $said"; return 1; }
  done
}

# The smallest image there is.
make_image() {
  rm -rf "$folder.image"
  mkdir -p "$folder.image/blobs/sha256"
  python3 - "$folder.image" <<'E2'
import hashlib, json, sys
folder = sys.argv[1]
def put(value):
    data = json.dumps(value).encode()
    digest = hashlib.sha256(data).hexdigest()
    open(folder + "/blobs/sha256/" + digest, "wb").write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}
kind = "application/vnd.oci.image."
config = dict(put({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}), mediaType=kind + "config.v1+json")
manifest = put({"schemaVersion": 2, "mediaType": kind + "manifest.v1+json", "config": config, "layers": []})
json.dump({"schemaVersion": 2, "manifests": [dict(manifest, mediaType=kind + "manifest.v1+json")]}, open(folder + "/index.json", "w"))
json.dump({"imageLayoutVersion": "1.0.0"}, open(folder + "/oci-layout", "w"))
E2
}

mkdir -p "$(dirname "$folder")"
make_image
failed=0 done=0
while IFS= read -r subset; do
  rm -rf "${folder:?}/plugins"/*.so "${folder:?}/plugins"/*.json
  if configure "$subset" && cmake --build "$folder" >"$folder.log" 2>&1 && check "$subset"; then
    echo "ok:    [${subset}]"
  else
    tail -5 "$folder.log"
    echo "FAILED [${subset}]"
    failed=$((failed + 1))
  fi
  done=$((done + 1))
done < <(subsets)
echo "$done subsets, $failed failed"
[ "$failed" = 0 ]
