# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion for gtk-mp

function __gtk_mp_runs
    set -l state $XDG_STATE_HOME
    test -n "$state"; or set state $HOME/.local/state
    for run in $state/gtk-mp/runs/*/
        basename $run
    end
    echo last
end

# What follows -- is a command line of its own.
function __gtk_mp_is_ours
    not contains -- -- (commandline -opc)
end

complete -c gtk-mp -n 'not __gtk_mp_is_ours' -a '(__fish_complete_subcommand)'
complete -c gtk-mp -n __gtk_mp_is_ours -f -a '(__fish_complete_suffix .mpjob)'

for option in \
        'headless:run here, without a window' \
        'json:print outcomes, one JSON object a line' \
        'quiet:no progress on the terminal' \
        'dry-run:print what would run, run nothing' \
        'check:look for mistakes in the job file only' \
        'version:print the version' \
        'list:runs of the default folder'
    set -l parts (string split -m 1 : $option)
    complete -c gtk-mp -n __gtk_mp_is_ours -l $parts[1] -d $parts[2]
end
complete -c gtk-mp -n __gtk_mp_is_ours -s h -l help -d 'print a short help'

complete -c gtk-mp -n __gtk_mp_is_ours -x -s j -l processes -a auto -d 'so many workers'
complete -c gtk-mp -n __gtk_mp_is_ours -x -l start-method -a 'fork spawn forkserver' -d 'how workers are made'
complete -c gtk-mp -n __gtk_mp_is_ours -x -l chunksize -a auto -d 'items a worker reserves at once'
complete -c gtk-mp -n __gtk_mp_is_ours -x -l timeout -d 'end the whole job after this time'
complete -c gtk-mp -n __gtk_mp_is_ours -x -l task-timeout -d 'end one attempt of one item after this time'
complete -c gtk-mp -n __gtk_mp_is_ours -x -l retries -d 'further attempts'
complete -c gtk-mp -n __gtk_mp_is_ours -x -l on-error -a 'continue stop pause' -d 'what a failed item does'
complete -c gtk-mp -n __gtk_mp_is_ours -x -l log-level -a 'DEBUG INFO WARNING ERROR' -d 'what goes to standard error'
complete -c gtk-mp -n __gtk_mp_is_ours -x -l run-dir -a '(__fish_complete_directories)' -d 'keep the run here'
complete -c gtk-mp -n __gtk_mp_is_ours -x -l first -d 'only the first items'
complete -c gtk-mp -n __gtk_mp_is_ours -r -F -l joblog -d 'write the job log of GNU parallel'

for option in \
        'resume:go on with a run' \
        'retry-failed:run again what is not ok' \
        'reuse:take over what is ok in a run' \
        'status:how far a run is' \
        'watch:follow a live run' \
        'cancel:end a live run and what it runs' \
        'drain:end a live run when what it runs has ended' \
        'pause:stop a live run, to go on later' \
        'unpause:let a paused run go on' \
        'resize:give a live run so many workers' \
        'remove:delete a run'
    set -l parts (string split -m 1 : $option)
    complete -c gtk-mp -n __gtk_mp_is_ours -x -l $parts[1] -a '(__gtk_mp_runs)' -d $parts[2]
end
