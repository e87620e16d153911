# Completion of sealos for bash: what may follow is asked of sealos itself.
_sealos() {
  local line=${COMP_LINE:0:COMP_POINT} words current before candidate word
  # Words as typed: bash would break them at colons and equals signs.
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  current=${words[-1]}
  # What bash takes to be before the word that it replaces.
  before=
  [[ $current == *[:=]* ]] && before=${current%"${current##*[:=]}"}
  COMPREPLY=()
  while IFS= read -r candidate; do
    word=${candidate%%$'\t'*}
    case $word in
      :files) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "${current#"$before"}") ;;
      :folders) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "${current#"$before"}") ;;
      :nospace) compopt -o nospace ;;
      *) COMPREPLY+=("${word#"$before"}") ;;
    esac
  done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
}
complete -F _sealos sealos
