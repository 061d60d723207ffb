/**
 * Completion for zsh.
 *
 * @module
 */
import type { Spelling } from "../option.ts";
import { type Completed, kindOf, quoted } from "./completed.ts";

/** @param main the name under which commands are subcommands */
export function zsh(main: string, commands: readonly Completed[]): string {
  const classic = commands.flatMap(({ classicNames }) => classicNames);
  const rows = commands.map(({ name, summary }) =>
    `    ${quoted(`${name}:${summary}`)}`
  );
  const names = [main, ...classic].join(" ");
  return `#compdef ${names}
# Completion of ${main}, made by \`${main} completion zsh\`.
_${main}() {
  local command
  local -a commands=(
${rows.join("\n")}
    'help:show the manual page of one of these'
  )
  case $service in
${commands.flatMap(classicCase).join("\n")}
    *)
      if ((CURRENT == 2)) || [[ $CURRENT == 3 && $words[2] == help ]]; then
        _describe subcommand commands
        return
      fi
      command=$words[2]
      shift words
      ((CURRENT--))
      ;;
  esac
  # Where a gate's PROGRAM is its own smtpd, its options are smtpd's.
  local -i at=$words[(i)smtpd]
  if [[ $command == (serve|init-script) ]] && ((at < CURRENT)); then
    command=smtpd
    shift $((at - 1)) words
    ((CURRENT -= at - 1))
  fi
  case $command in
${commands.map(commandCase).join("\n")}
  esac
}
# From a file in fpath this is the function's first call; else it is sourced.
if [[ \$funcstack[1] == _${main} ]]; then
  _${main} "$@"
else
  compdef _${main} ${names}
fi`;
}

function classicCase({ name, classicNames }: Completed): string[] {
  if (classicNames.length === 0) return [];
  return [`    ${classicNames.join(" | ")}) command=${name} ;;`];
}

function commandCase({ name, spellings, subcommands }: Completed): string {
  const words = subcommands.map((each) => each.name).join(" ");
  const operands = words === ""
    ? [quoted("*:argument:_files")]
    : [quoted(`1:subcommand:(${words})`), quoted("*:argument:_files")];
  const specs = [...spellings.map(specOf), ...operands];
  return `    ${name})
      _arguments -s -S '--help[print this help]' \\
        ${specs.join(" \\\n        ")}
      ;;`;
}

/** An option for _arguments: `'(-c --limit)'{-c+,--limit=}'[help]:n:'`. */
function specOf(spelling: Spelling): string {
  const { short, long, value, words = [], help } = spelling;
  const text = help.replace(/[[\]:\\]/g, "\\$&");
  const action = { path: "_files", words: `(${words.join(" ")})`, any: " " }[
    kindOf(spelling)
  ];
  const tail = value === undefined
    ? `[${text}]`
    : `[${text}]:${value.replace(":", "\\:")}:${action}`;
  const sign = value === undefined ? "" : "=";
  if (short === undefined) return quoted(`--${long}${sign}${tail}`);
  const letter = value === undefined ? `-${short}` : `-${short}+`;
  return `${quoted(`(-${short} --${long})`)}{${letter},--${long}${sign}}` +
    quoted(tail);
}
