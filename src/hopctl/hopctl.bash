# bash completion for hopctl: the words come from its own command table, so
# nothing has to be kept in step here and no hopd need run.
_hopctl()
{
	local words=() i=1

	# Options and their values are no words of the command.
	while [ "$i" -lt "$COMP_CWORD" ]; do
		case ${COMP_WORDS[i]} in
		-S) i=$((i + 1)) ;;
		-*) ;;
		*) break ;;
		esac
		i=$((i + 1))
	done
	[ "$i" -le "$COMP_CWORD" ] || return 0
	# Bash splits ADDR:PORT at the colon; hopctl does not.
	while [ "$i" -le "$COMP_CWORD" ]; do
		if [ "${COMP_WORDS[i]}" = : ] && [ "${#words[@]}" -gt 0 ]; then
			words[-1]+=":${COMP_WORDS[i + 1]-}"
			i=$((i + 1))
		else
			words+=("${COMP_WORDS[i]}")
		fi
		i=$((i + 1))
	done
	case ${words[*]} in
	"config check "* | "config plan "* | "config apply "* | "config save "*)
		mapfile -t COMPREPLY < <(compgen -f -- "${words[-1]}")
		;;
	*)
		mapfile -t COMPREPLY < <(hopctl complete -- "${words[@]}")
		;;
	esac
}
complete -F _hopctl hopctl
