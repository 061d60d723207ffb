/**
 * The rules of ARCHITECTURE.md about who may import what, as a function of a
 * module's text.
 *
 * @module
 */

/** A row of ARCHITECTURE.md's table. */
export interface Room {
  readonly floor: number;
  readonly isPure: boolean;
}

export type Rooms = ReadonlyMap<string, Room>;

/** What a pure room has no use for. */
const effects =
  /\b(?:(?:Deno|process|console|performance)\.|(?:fetch|setTimeout|setInterval)\(|Date\.now|new Date\(\)|Math\.random)/;
/** Of node's modules a pure room may use what tells whether a text is an IP address. */
const pureModules = new Set(["node:net"]);
/** In pure rooms: replaces a database on the disk. */
const impureFiles = new Set(["lib/cdb/file.ts"]);

/** Reads `| floor | room | what it is for |`. */
export function readTable(markdown: string): Rooms {
  const rows = markdown.matchAll(/^\| (\d+) +\| (\w+) +\| (.+?) +\|$/gm);
  return new Map(
    [...rows].map(([, floor, room, purpose]) => [
      room,
      { floor: Number(floor), isPure: /; pure\b|^pure\b/.test(purpose) },
    ]),
  );
}

/** Blanks the comments, leaving strings as they are. */
function withoutComments(source: string): string {
  const token =
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return source.replace(token, (_, text) => text ?? " ");
}

/** The specifiers that a module imports, statically, dynamically or for types. */
function importsOf(code: string): string[] {
  const pattern =
    /(?:\bfrom|^\s*import|\bimport\s*\(|;\s*import)\s*["']([^"']+)["']/gm;
  return [...code.matchAll(pattern)].map((found) => found[1]);
}

/** The path, from the root, of what a module imports; undefined for packages. */
function resolve(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

const program = ["main.ts", "cmd", "lib"];

/** What is wrong with one module, if anything. */
export function violations(
  rooms: Rooms,
  path: string,
  source: string,
): string[] {
  const code = withoutComments(source);
  const found = [...codeViolations(rooms, path, code)];
  for (const specifier of importsOf(code)) {
    const target = resolve(path, specifier);
    if (target === undefined) continue;
    const why = importViolation(rooms, path, target);
    if (why) found.push(`${path} imports ${target}: ${why}`);
  }
  return found;
}

function importViolation(
  rooms: Rooms,
  path: string,
  target: string,
): string | undefined {
  const [top, room] = path.split("/"), [toTop, toRoom] = target.split("/");
  if (target === "main.ts") return "nothing imports main.ts";
  if (top === "lib" && toTop === "cmd") return "lib never imports cmd";
  if (program.includes(top) && ["tests", "scripts"].includes(toTop)) {
    return "the program needs nothing of tests and scripts";
  }
  if (top !== "lib" || toTop !== "lib" || room === toRoom) return undefined;
  const from = rooms.get(room), to = rooms.get(toRoom);
  if (!from || !to) return "a room that is not in the table";
  if (to.floor >= from.floor) {
    return `floor ${to.floor} is not below floor ${from.floor}`;
  }
  if (from.isPure && !impureFiles.has(path) && !to.isPure) {
    return `${room} stays pure`;
  }
  return undefined;
}

function* codeViolations(
  rooms: Rooms,
  path: string,
  code: string,
): Generator<string> {
  const [top, room] = path.split("/");
  if (!program.includes(top)) return;
  if (!path.startsWith("lib/sys/") && /\bdlopen\b/.test(code)) {
    yield `${path} uses dlopen: its only home is lib/sys`;
  }
  if (top !== "lib") return;
  if (room === "gate" && /smtp/i.test(code)) {
    yield `${path} says SMTP: the gate knows no protocol`;
  }
  if (!rooms.get(room)?.isPure || impureFiles.has(path)) return;
  const effect = effects.exec(code);
  if (effect) yield `${path} uses ${effect[0]}: lib/${room} stays pure`;
  for (const specifier of importsOf(code)) {
    if (specifier.startsWith("node:") && !pureModules.has(specifier)) {
      yield `${path} imports ${specifier}: lib/${room} stays pure`;
    }
  }
}
