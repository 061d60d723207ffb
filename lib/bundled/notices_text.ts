/**
 * The notices as a text for people, and their list.
 *
 * @module
 */
import type { Crate } from "./crates.ts";
import type { Notice, Notices } from "./notices.ts";

const rule = "=".repeat(72);

/** All texts, in one. */
export function noticesText(
  { packages: [ours, ...packages], runtime }: Notices,
  crates: readonly Crate[],
  deno: string,
): string {
  return [
    ...section(ours),
    "",
    `This executable holds ${packages.length} libraries, and the runtime Deno ` +
    `${deno}.`,
    "Their licences follow.",
    "",
    ...packages.flatMap((notice) => [rule, ...section(notice), ""]),
    rule,
    `The runtime, Deno ${deno}, and its principal parts`,
    "",
    ...runtime.flatMap((notice) => [rule, ...section(notice), ""]),
    ...cratesSection(crates),
  ].join("\n");
}

function section(notice: Notice): string[] {
  const { note, texts } = notice;
  return [
    titleOf(notice),
    ...(note === undefined ? [] : [`Note: ${note}.`]),
    ...texts.flatMap(({ source, text }) => [
      "",
      ...(texts.length > 1 ? [`${source}:`, ""] : []),
      text.trimEnd(),
    ]),
  ];
}

function cratesSection(crates: readonly Crate[]): string[] {
  if (crates.length === 0) return [];
  return [
    rule,
    `Crates that the runtime names in itself: ${crates.length}`,
    "",
    "The runtime comes without their licences. Each is under those that its own",
    "package states, mostly MIT or Apache-2.0, whose texts are above. One that",
    "leaves no name in the runtime is missing here; Cargo.lock of Deno's source",
    "has all that it may be made of.",
    "",
    ...crates.map(({ name, version }) => `${name} ${version}`),
    "",
  ];
}

/** A name, a version and a licence, in a line. */
function titleOf({ name, version, licence }: Notice): string {
  return [name, version, `(${licence})`].filter((each) => each !== null)
    .join(" ");
}

/**
 * A line for each, in columns.
 *
 * @param versions of what only the running program knows them
 */
export function noticesList(
  { packages, runtime }: Notices,
  versions: Readonly<Record<string, string>>,
): string[] {
  const rows = [...packages, ...runtime].map(({ name, version, licence }) => [
    name,
    version ?? versions[name] ?? "-",
    licence,
  ]);
  const widths = [0, 1].map((column) =>
    Math.max(...rows.map((row) => row[column].length))
  );
  return rows.map(([name, version, licence]) =>
    [name.padEnd(widths[0]), version.padEnd(widths[1]), licence].join("  ")
  );
}
