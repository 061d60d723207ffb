/**
 * Commands in backticks whose answer can be known without running them.
 *
 * @module
 */
import type { Script } from "unbash";
import { accountOf, usualGroup } from "./machine.ts";
import type { Scope } from "./scope.ts";
import { valueOf, type Word, written } from "./word.ts";

interface Known {
  readonly source: string;
  readonly value: string | null;
  readonly from: string | null;
}

/** What a command in backticks says; null for one that nobody knows. */
export function idiom(script: Script, scope: Scope): Known | null {
  const [statement, ...more] = script.commands;
  if (statement?.command.type !== "Command" || more.length > 0) return null;
  const { name, args, redirects, prefix } = statement.command;
  if (name === undefined || prefix.length > 0) return null;
  const words: Word[] = scope.expand(name, 0);
  for (const arg of args) {
    if (arg.type !== "Word") return null;
    words.push(...scope.expand(arg, 0));
  }
  // Where complaints go does not matter.
  const matters = redirects.some((each) =>
    each.descriptor?.type !==
      "FileDescriptor" || each.descriptor.value !== 2
  );
  if (matters) return null;
  const values = words.map(valueOf);
  if (values.some((value) => value === null)) return null;
  const source = `$(${words.map(written).join(" ")})`;
  return told(values as string[], source, scope);
}

function told(words: string[], source: string, scope: Scope): Known | null {
  const [path, ...args] = words;
  const program = path.replace(/^.*\//, "");
  const { machine } = scope;
  switch (program) {
    case "cat":
    case "head":
    case "sed": {
      const file = fileOf(program, args);
      if (file === null) return null;
      const text = machine.read(file)?.replace(/\n+$/, "") ?? null;
      const value = text === null || program === "cat"
        ? text
        : text.split("\n")[0];
      const from = value === null
        ? `what ${file} says`
        : `what ${file} says now`;
      return { source, value, from };
    }
    case "id": {
      const [option, name, ...others] = args;
      if (name === undefined || others.length > 0) return null;
      const account = accountOf(machine, name);
      if (!/^-r?[ug]r?$/.test(option)) return null;
      const isUser = option.includes("u");
      const id = account?.[isUser ? "uid" : "gid"];
      const usual = isUser ? name : usualGroup(name);
      return {
        source,
        value: id === undefined ? usual : String(id),
        from: id === undefined && !isUser
          ? `the group that ${name} usually has`
          : `the ${isUser ? "user" : "group"} id of ${name}`,
      };
    }
    case "hostname":
    case "uname":
      if (program === "uname" && args.join(" ") !== "-n") return null;
      return { source, value: machine.hostName(), from: "this machine's name" };
    case "echo":
      return { source, value: args.join(" "), from: null };
    case "which":
      return args.length === 1 ? { source, value: args[0], from: null } : null;
    default:
      return null;
  }
}

/** The one file that is read, of which `head` and `sed` want the first line. */
function fileOf(program: string, args: string[]): string | null {
  const file = args.at(-1);
  const options = args.slice(0, -1).join(" ");
  const wanted = program === "cat"
    ? /^$/
    : program === "head"
    ? /^(-n ?1|-1|--lines=1)$/
    : /^(1q|-n 1p)$/;
  return file !== undefined && wanted.test(options) ? file : null;
}
