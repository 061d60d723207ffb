/**
 * The ways that there are to write a limit, as one.
 *
 * @module
 */
import type { SoftLimit } from "../script.ts";
import type { Way } from "./wrappers.ts";

type Kind = SoftLimit["kind"];

/** softlimit's letters, which are chpst's too; `-m` is four at once. */
const letters: Readonly<Record<string, readonly Kind[]>> = {
  a: ["addresses"],
  d: ["data"],
  s: ["stack"],
  f: ["file"],
  o: ["descriptors"],
  p: ["tasks"],
  t: ["time"],
  m: ["addresses"],
};

/** Of softlimit and its like; bytes. */
export function ofWay({ limits }: Way): SoftLimit[] {
  return limits.flatMap(({ name, letter, value }) =>
    (letters[letter] ?? []).map((kind) => ({
      kind,
      value: numberOf(value),
      written: `${name} -${letter} ${value}`,
    }))
  );
}

/** ulimit's: KB where they are bytes, and blocks of 512 for files. */
const ulimits: Readonly<Record<string, readonly [Kind, number]>> = {
  v: ["addresses", 1024],
  d: ["data", 1024],
  s: ["stack", 1024],
  f: ["file", 512],
  n: ["descriptors", 1],
  u: ["tasks", 1],
  p: ["tasks", 1],
  t: ["hardTime", 1],
};

/** Of `ulimit -Sn 1024`, and of several in one line. */
export function ofUlimit(words: readonly string[]): SoftLimit[] {
  const found: SoftLimit[] = [];
  for (let at = 1; at < words.length; at++) {
    const [, flags] = /^-([SHa-z]+)$/.exec(words[at]) ?? [];
    if (flags === undefined) continue;
    const letter = flags.replace(/[SH]/g, "").at(-1) ?? "f";
    const value = words[at + 1];
    const [kind, unit] = ulimits[letter] ?? [];
    if (kind === undefined || value === undefined || value === "unlimited") {
      continue;
    }
    const isSoft = flags.includes("S") && !flags.includes("H");
    found.push({
      kind: kind === "hardTime" && isSoft ? "time" : kind,
      value: numberOf(value) * unit!,
      written: `ulimit -${flags} ${value}`,
    });
  }
  return found;
}

const units: Readonly<Record<string, Kind>> = {
  LimitAS: "addresses",
  LimitDATA: "data",
  LimitSTACK: "stack",
  LimitFSIZE: "file",
  LimitNOFILE: "descriptors",
  LimitNPROC: "tasks",
  LimitCPU: "hardTime",
  TasksMax: "tasks",
};

/** Of a systemd unit: `LimitNOFILE=1024:4096` has the hard one last. */
export function ofUnit(unit: ReadonlyMap<string, string>): SoftLimit[] {
  const found: SoftLimit[] = [...unit].flatMap(([key, text]) => {
    const kind = units[key];
    const value = text.split(":").at(-1)!;
    if (kind === undefined || value === "infinity" || value.endsWith("%")) {
      return [];
    }
    return [{ kind, value: numberOf(value), written: `${key}=${text}` }];
  });
  const denied = unit.get("MemoryDenyWriteExecute");
  if (denied !== undefined && isYes(denied)) {
    const written = `MemoryDenyWriteExecute=${denied}`;
    found.push({ kind: "noExecutable", value: 0, written });
  }
  return found;
}

export const isYes = (text: string): boolean =>
  /^(?:yes|true|on|1|y|t)$/i.test(text);

const factors: Readonly<Record<string, number>> = {
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};

function numberOf(text: string): number {
  const [, digits, unit = ""] = /^(\d+)([KMGT]?)/i.exec(text.trim()) ?? [];
  if (digits === undefined) return Infinity; // `unlimited`, or a variable
  return Number(digits) * (factors[unit.toUpperCase()] ?? 1);
}
