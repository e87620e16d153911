# Completion of sealos for fish: what may follow is asked of sealos itself.
function __sealos_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path (string replace -r -- '^--[^=]*=' '' (commandline -ct))
            case :folders
                __fish_complete_directories (string replace -r -- '^--[^=]*=' '' (commandline -ct)) ''
            case ':*'
            case '*'
                echo $line
        end
    end
end
complete -c sealos -f -a '(__sealos_complete)'
