/**
 * Completion for bash.
 *
 * @module
 */
import { type Completed, kindOf, quoted, type ValueKind } from "./completed.ts";

/** @param main the name under which commands are subcommands */
export function bash(main: string, commands: readonly Completed[]): string {
  const names = commands.map(({ name }) => name);
  const classic = commands.flatMap(({ classicNames }) => classicNames);
  return `# Completion of ${main}, made by \`${main} completion bash\`.
_${main}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
  local command=\${COMP_WORDS[0]##*/} first=1 word
  case $command in
${commands.flatMap(classicCase).join("\n")}
    *)
      if ((COMP_CWORD == 1)) || [[ $COMP_CWORD == 2 && $prev == help ]]; then
        COMPREPLY=($(compgen -W ${
    quoted(["help", ...names].join(" "))
  } -- "$cur"))
        return
      fi
      command=\${COMP_WORDS[1]} first=2
      ;;
  esac
  # Where a gate's PROGRAM is its own smtpd, its options are smtpd's.
  if [[ $command == serve || $command == init-script ]]; then
    for word in "\${COMP_WORDS[@]:first:COMP_CWORD - first}"; do
      [[ $word == smtpd ]] && command=smtpd
    done
  fi
  # bash takes --name=value for three words.
  [[ $prev == = ]] && prev=\${COMP_WORDS[COMP_CWORD - 2]}
  [[ $cur == = ]] && cur=
  case "$command $prev" in
${commands.flatMap(valueCases).join("\n")}
  esac
  local options= operands=
  case $command in
${commands.map(optionCase).join("\n")}
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "--help $options" -- "$cur"))
  elif [[ -n $operands && $COMP_CWORD == "$first" ]]; then
    COMPREPLY=($(compgen -W "$operands" -- "$cur"))
  else
    COMPREPLY=($(compgen -f -- "$cur"))
  fi
}
complete -o filenames -F _${main} ${[main, ...classic].join(" ")}`;
}

function classicCase({ name, classicNames }: Completed): string[] {
  if (classicNames.length === 0) return [];
  return [`    ${classicNames.join(" | ")}) command=${name} ;;`];
}

function valueCases({ name, spellings }: Completed): string[] {
  const withValue = spellings.filter(({ value }) => value !== undefined);
  const pattern = (of: typeof spellings) =>
    of.flatMap((
      { short, long },
    ) => [...(short ? [`-${short}`] : []), `--${long}`])
      .map((each) => quoted(`${name} ${each}`)).join(" | ");
  const reply = (flags: string) =>
    `COMPREPLY=($(compgen ${flags} -- "$cur")); return ;;`;
  const of = (kind: ValueKind) =>
    withValue.filter((each) => kindOf(each) === kind);
  const cases = of("words").map((each) =>
    `    ${pattern([each])}) ${reply(`-W ${quoted(each.words!.join(" "))}`)}`
  );
  const paths = of("path"), others = of("any");
  if (paths.length > 0) cases.push(`    ${pattern(paths)}) ${reply("-f")}`);
  if (others.length > 0) cases.push(`    ${pattern(others)}) return ;;`);
  return cases;
}

function optionCase({ name, spellings, subcommands }: Completed): string {
  const options = spellings.map(({ long }) => `--${long}`).join(" ");
  const operands = subcommands.map((each) => each.name).join(" ");
  return `    ${name}) options=${quoted(options)} operands=${
    quoted(operands)
  } ;;`;
}
