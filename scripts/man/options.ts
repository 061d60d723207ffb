/**
 * The sections of the man pages that tell of options, made of the tables in
 * cmd. `deno run -A scripts/man/options.ts` writes them into the pages, between
 * two comments; `--check` says which are not as the tables have them.
 *
 * @module
 */
import { commands } from "../../cmd/commands.ts";
import { between, others, withOthers } from "./others.ts";
import {
  defaultOf,
  type Group,
  type Option,
  type Spelling,
} from "../../lib/cli/option.ts";
import { argumentMacro, mdoc } from "./prose.ts";

/** The pages, by the command whose options they have. */
export const pages: Readonly<Record<string, string>> = {
  serve: "postern-serve.1",
  rules: "postern-rules.1",
  smtpd: "postern-smtpd.8",
  trace: "postern-trace.1",
  top: "postern-top.1",
  install: "postern-install.1",
  licenses: "postern-licenses.1",
  "init-script": "postern-init-script.1",
  queue: "postern-queue.8",
  drain: "postern-drain.8",
  doctor: "postern-doctor.1",
  migrate: "postern-migrate.1",
  splogger: "postern-splogger.8",
  rblsmtpd: "postern-rblsmtpd.1",
  "install-links": "postern-install-links.1",
};

/** The options of a command, as mdoc. */
export async function optionsSection(command: string): Promise<string> {
  const row = commands.find(({ name }) => name === command)!;
  const { groups } = await (await row.load()).describe();
  const seen = new Set<string>();
  return groups.flatMap((group) => sectionOf(group, seen)).join("\n");
}

/** A page with its options replaced. Throws where it has no place for them. */
export const withSection = (page: string, section: string): string =>
  between(page, "Options", section);

function sectionOf(
  { title, manual, options }: Group,
  seen: Set<string>,
): string[] {
  // What is in brackets is said in the texts.
  const heading = title.replace(/ \(.*\)$/, "");
  const note = / \((.*)\)$/.exec(title)?.[1];
  return [
    ...(heading === "Options" ? [] : [`.Ss ${heading}`]),
    ...(note ? mdoc(`${capital(note)}.`) : []),
    ...(manual ? mdoc(manual) : []),
    ".Bl -tag -width Ds",
    ...Object.values(options).flatMap((option) => itemsOf(option, seen)),
    ".El",
  ];
}

/** An item for each value, and one for all switches that stand together. */
function itemsOf(option: Option, seen: Set<string>): string[] {
  const fresh = option.spellings.filter(({ long }) => !seen.has(long));
  for (const { long } of fresh) seen.add(long);
  const switches = fresh.filter(({ value }) => value === undefined);
  const items = fresh.filter(({ value }) => value !== undefined)
    .map((each) => [each]);
  if (switches.length > 0) items.push(switches);
  return items.flatMap((item) => itemOf(option, item));
}

function itemOf(option: Option, spellings: readonly Spelling[]): string[] {
  const texts = spellings.map((spelling) => {
    const usual = spelling.value === undefined ? null : defaultOf(option);
    const help = spelling.help;
    if (spelling.isUsual) return `${help} (default)`;
    return usual === null ? help : `${help} (default ${usual})`;
  });
  const manual = spellings.map((each) => each.manual ?? "").join("\n");
  return [
    `.It ${spellings.map(names).join(" , ")}`,
    ...mdoc(`${capital(texts.join(", or "))}.\n${manual}`),
  ];
}

function names({ short, long, value, words }: Spelling): string {
  const all = `Fl ${short === undefined ? "" : `${short} , `}-${long}`;
  if (value === undefined) return all;
  return `${all} ${words ? `Cm ${words.join(" | ")}` : argumentMacro(value)}`;
}

/** A phrase as a sentence begins; one that is a literal stays. */
const capital = (text: string) =>
  /^[a-z]+\b(?![-:[])/.test(text)
    ? text[0].toUpperCase() + text.slice(1)
    : text;

if (import.meta.main) {
  const isCheck = Deno.args.includes("--check");
  let stale = false;
  const write = (name: string, change: (page: string) => string) => {
    const url = new URL(name, import.meta.url);
    const page = Deno.readTextFileSync(url);
    const wanted = change(page);
    if (wanted === page) return;
    stale = true;
    if (isCheck) console.error(`${name} is stale`);
    else Deno.writeTextFileSync(url, wanted);
  };
  for (const [command, name] of Object.entries(pages)) {
    const section = await optionsSection(command);
    write(name, (page) => withSection(page, section));
  }
  for (const name of Object.keys(others)) {
    const sections = await others[name]();
    write(name, (page) => withOthers(page, sections));
  }
  if (stale && isCheck) Deno.exit(1);
}
