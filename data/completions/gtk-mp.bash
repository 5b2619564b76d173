# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for gtk-mp

_gtk_mp_runs () {
  local folder=${XDG_STATE_HOME:-$HOME/.local/state}/gtk-mp/runs
  [ -d "$folder" ] && ls "$folder"
  echo last
}

_gtk_mp () {
  local cur=${COMP_WORDS[COMP_CWORD]} prev= name= value= word
  local -i i=COMP_CWORD
  COMPREPLY=()

  # bash cuts words at =: --name = value.
  if [ "$cur" = = ]; then
    name=${COMP_WORDS[i - 1]}
  elif ((i > 1)) && [ "${COMP_WORDS[i - 1]}" = = ]; then
    name=${COMP_WORDS[i - 2]}
    value=$cur
  else
    prev=${COMP_WORDS[i - 1]}
  fi
  [ "$prev" = -j ] && name=--processes value=$cur

  # What follows -- is a command line of its own.
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [ "$word" = -- ]; then
      COMPREPLY=($(compgen -A command -A file -- "$cur"))
      return
    fi
  done

  case $name in
    --start-method) COMPREPLY=($(compgen -W 'fork spawn forkserver' -- "$value")) ;;
    --on-error) COMPREPLY=($(compgen -W 'continue stop pause' -- "$value")) ;;
    --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$value")) ;;
    --processes | --chunksize) COMPREPLY=($(compgen -W auto -- "$value")) ;;
    --run-dir) COMPREPLY=($(compgen -d -- "$value")) ;;
    --joblog) COMPREPLY=($(compgen -f -- "$value")) ;;
    --resume | --retry-failed | --reuse | --status | --watch | --cancel | --drain | --pause | \
      --unpause | --resize | --remove)
      COMPREPLY=($(compgen -W "$(_gtk_mp_runs)" -- "$value")) ;;
    ?*) ;;
    *)
      if [[ $cur = -* ]]; then
        compopt -o nospace
        COMPREPLY=($(compgen -W '--headless --processes= --start-method= --chunksize= --timeout=
          --task-timeout= --retries= --on-error= --log-level= --json --quiet --run-dir= --first=
          --joblog= --resume= --retry-failed= --reuse= --dry-run --check --version --help --list
          --status= --watch= --cancel= --drain= --pause= --unpause= --resize= --remove=
          -j -h' -- "$cur"))
        if [ ${#COMPREPLY[@]} = 1 ] && [[ $COMPREPLY != *= ]]; then
          compopt +o nospace
        fi
      else
        compopt -o filenames
        COMPREPLY=($(compgen -f -X '!*.mpjob' -- "$cur") $(compgen -d -- "$cur"))
      fi
      ;;
  esac
}

complete -F _gtk_mp gtk-mp
