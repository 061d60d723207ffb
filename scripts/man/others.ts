/**
 * What else in the man pages is made of the tables in cmd: the commands, the
 * classic names, the keys of a configuration file, and postern(1)'s list of all
 * pages.
 *
 * @module
 */
import { classicNames, commands } from "../../cmd/commands.ts";
import { mdoc } from "./prose.ts";

/** What is made, by the word that begins the comment in front of it. */
type Sections = Readonly<Record<string, string>>;

/** The sections of pages that are not about one command's options. */
export const others: Readonly<Record<string, () => Promise<Sections>>> = {
  "postern.1": () =>
    Promise.resolve({
      Commands: commandsSection(),
      Names: namesSection(),
      Pages: pagesSection(),
    }),
  "postern-install-links.1": () =>
    Promise.resolve({ Names: mdoc(listed(classicNames)).join("\n") }),
  "postern-config.5": async () => ({ Keys: await keysSection() }),
};

/**
 * A page in which one section, between its two comments, is replaced. Throws
 * where it has no place for that.
 */
export function between(page: string, what: string, section: string): string {
  const start =
    `.\\" ${what}, made by scripts/man/options.ts of the tables in cmd.`;
  const end = `.\\" End of the ${what.toLowerCase()}.`;
  const from = page.indexOf(start), to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`no place between ${start}`);
  return `${page.slice(0, from)}${start}\n${section}\n${page.slice(to)}`;
}

/** A page in which several are replaced. */
export const withOthers = (page: string, sections: Sections): string =>
  Object.entries(sections).reduce(
    (text, [what, section]) => between(text, what, section),
    page,
  );

/** The pages of the folder: their names without the section, and that. */
function allPages(): [name: string, section: string][] {
  const names = [...Deno.readDirSync(new URL(".", import.meta.url))]
    .flatMap(({ name }): [string, string][] => {
      const [, page, section] = /^(.+)\.(\d)$/.exec(name) ?? [];
      return page === undefined ? [] : [[page, section]];
    });
  const key = ([name, section]: [string, string]) => `${section} ${name}`;
  return names.sort((one, other) => key(one) < key(other) ? -1 : 1);
}

/** A command and what it does; the page is named after it. */
function commandsSection(): string {
  const sections = new Map(allPages());
  return [
    ".Bl -tag -width Ds",
    ...commands.flatMap(({ name, summary }) => [
      `.It Ic ${name}`,
      ...mdoc(`${summary[0].toUpperCase()}${summary.slice(1)}.`),
      ...seen(`postern-${name}`, sections.get(`postern-${name}`)),
    ]),
    ".El",
  ].join("\n");
}

const seen = (name: string, section: string | undefined) =>
  section === undefined ? [] : [`See`, `.Xr ${name} ${section} .`];

/** What a name of 1996 is short for, where it is not the command itself. */
const meanings: Readonly<Record<string, string>> = {
  tcprules: "rules compile",
  tcprulescheck: "rules check",
  "qmail-smtpd": "smtpd --classic",
};

function namesSection(): string {
  const rows = commands.flatMap(({ name, classicNames }) =>
    classicNames.map((classic) => [classic, meanings[classic] ?? name])
  );
  return [
    '.Bl -column "tcprulescheck" "postern rules compile" -offset indent',
    ...rows.map(([classic, meant]) => `.It Ic ${classic} Ta postern ${meant}`),
    ".El",
  ].join("\n");
}

function pagesSection(): string {
  const pages = allPages().filter(([name]) => name !== "postern");
  return pages.map(([name, section], i) =>
    `.Xr ${name} ${section}${i < pages.length - 1 ? " ," : ""}`
  ).join("\n");
}

async function keysSection(): Promise<string> {
  const { groups } =
    await (await commands.find(({ name }) => name === "serve")!.load())
      .describe();
  const keys = groups.flatMap(({ options }) => Object.values(options))
    .filter(({ scope }) => scope === "process")
    .flatMap(({ spellings }) => spellings.map(({ long }) => long));
  const named = [...new Set(keys)].map((key) => `\`${key}\``);
  return mdoc(`${named.join(", ")}.`).join("\n");
}

const listed = (words: readonly string[]) =>
  `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
