/**
 * Services of xinetd.conf(5), in whose place serve listens itself.
 *
 * @module
 */
import { Chain } from "./chain.ts";
import type { Scope } from "./scope.ts";
import { textWord, type Word } from "./word.ts";

/** A service, and what it runs for each client. */
export interface XinetdService {
  readonly chain: Chain;
  readonly words: readonly Word[];
  readonly line: number;
}

interface Key {
  readonly value: string;
  readonly line: number;
}

const head = /^[ \t]*(?:service[ \t]+(\S+)|defaults)\s*\{/gm;

/** Whether a text is a file of xinetd's, and no script. */
export const isXinetd = (source: string): boolean =>
  /^[ \t]*(?:service[ \t]+\S+|defaults)\s*\{\s*(?:#.*\s*)*\w+[ \t]*[-+]?=/m
    .test(source);

/** All of a file that run a program; its defaults count for each of them. */
export function xinetdServices(source: string, scope: Scope): XinetdService[] {
  const found: { name: string; line: number; keys: Map<string, Key> }[] = [];
  const defaults = new Map<string, Key>();
  for (const { 0: all, 1: name, index } of source.matchAll(head)) {
    const from = index + all.length;
    const end = source.indexOf("}", from);
    const line = source.slice(0, from).split("\n").length;
    const keys = keysIn(source.slice(from, end < 0 ? undefined : end), line);
    if (name === undefined) { for (const each of keys) defaults.set(...each); }
    else found.push({ name, line, keys });
  }
  return found.flatMap(({ name, line, keys }) => {
    const service = new Map([...defaults, ...keys]);
    return service.has("server") ? [serviceOf(name, line, service, scope)] : [];
  });
}

function keysIn(body: string, firstLine: number): Map<string, Key> {
  const keys = new Map<string, Key>();
  body.split("\n").forEach((text, i) => {
    const [, key, sign, value] =
      /^\s*(\w+)\s*([-+]?)=\s*(.*?)\s*$/.exec(text) ?? [];
    if (key === undefined) return;
    const before = sign === "+" ? keys.get(key) : undefined;
    const line = firstLine + i;
    keys.set(key, {
      value: before ? `${before.value} ${value}` : value,
      line,
    });
  });
  return keys;
}

/** What is said of a service, and needs no word. */
const usual = ["socket_type", "protocol", "wait", "id", "type"];

function serviceOf(
  name: string,
  line: number,
  keys: ReadonlyMap<string, Key>,
  scope: Scope,
): XinetdService {
  const chain = new Chain(scope, line);
  const get = (key: string) => keys.get(key)?.value;
  const word = (text: string, at = line) => textWord(text, at);
  chain.place = {
    host: word(get("bind") ?? get("interface") ?? "0"),
    port: word(get("port") ?? name),
  };
  const user = get("user"), group = get("group");
  if (user !== undefined) {
    chain.becomes(word(group ? `${user}:${group}` : user), true);
  }
  chain.remark(line, "a service of xinetd: serve listens in its place");
  for (const [key, each] of keys) ofKey(key, each, chain);
  if (!/^\d+$/.test(get("instances") ?? "")) {
    chain.remark(line, "xinetd sets no limit here; serve's is 40 (--limit)");
  }
  const args = (get("server_args") ?? "").split(/\s+/).filter(Boolean);
  const isNamed = get("flags")?.split(/\s+/).includes("NAMEINARGS");
  const at = keys.get("server_args")?.line ?? keys.get("server")!.line;
  const words = [
    word(get("server")!, keys.get("server")!.line),
    ...(isNamed ? args.slice(1) : args).map((text) => word(text, at)),
  ];
  // tcpd is told of the program by its name.
  const isTcpd = /(?:^|\/)tcpd$/.test(get("server")!);
  if (isTcpd) chain.remark(line, tcpdRemark, true);
  return {
    chain,
    line,
    words: isTcpd ? args.map((text) => word(text, at)) : words,
  };
}

/** What tcpd looked at. */
export const tcpdRemark =
  "tcpd: nobody looks into /etc/hosts.allow and /etc/hosts.deny any more; " +
  "write rules for postern rules compile, and name them with --rules";

function ofKey(key: string, { value, line }: Key, chain: Chain): void {
  const isNumber = /^\d+$/.test(value);
  switch (key) {
    case "instances":
      if (isNumber) chain.set("limit", textWord(value, line), line);
      return;
    case "per_source":
      if (isNumber) chain.set("per-ip", textWord(value, line), line);
      return;
    case "env":
      for (const each of value.split(/\s+/)) {
        const [name, ...rest] = each.split("=");
        chain.variable(name, textWord(rest.join("="), line));
      }
      return;
    case "only_from":
    case "no_access": {
      // While the file is missing serve denies everybody.
      const rules = "/etc/tcp.smtp";
      if (chain.said("rules") === undefined) {
        chain.set("rules", textWord(`${rules}.cdb`, line), line);
      }
      return chain.remark(
        line,
        `${key} ${value}: write it as rules into ${rules}, for postern rules ` +
          `compile -o ${rules}.cdb ${rules}; until then nobody is let in`,
        true,
      );
    }
    case "access_times":
    case "max_load":
      return chain.remark(
        line,
        `${key} ${value}: nothing of postern's is like it`,
        true,
      );
    case "disable":
      if (value === "yes") chain.remark(line, "it is disabled in xinetd");
      return;
    case "cps":
      return chain.remark(
        line,
        `cps ${value}: of all clients together; --rate limits each of them`,
      );
    default:
      if (
        usual.includes(key) ||
        /^(?:server|user|group|port|flags|bind|interface)/.test(key)
      ) {
        return;
      }
      chain.remark(line, `${key} ${value}: xinetd's own, left out`);
  }
}
