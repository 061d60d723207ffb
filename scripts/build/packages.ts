/**
 * Which packages are in the bundle, and what they say of their terms.
 *
 * @module
 */
import type { NoticeText } from "../../lib/bundled/notices.ts";
import { BuildError } from "./run.ts";

/** A package of which something is in the bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly licence: string;
  readonly description: string;
  /** Its licence, and the notices that go with it. */
  readonly texts: readonly NoticeText[];
}

const packageFolder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;
const termsFile =
  /^(licen[cs]e|copying|notice|unlicense)([-.][\w.-]*)?$|\.licen[cs]e$/i;
/** What begins like one and is another thing. */
const noTerms = /\.(json|c?js|mjs|ts|ya?ml)$/i;

/**
 * The folders of packages that have a part in a bundle.
 *
 * @param inputs paths of its modules, as esbuild's metafile has them
 */
export function packageFolders(inputs: Iterable<string>): string[] {
  const folders = [...inputs].flatMap((path) =>
    packageFolder.exec(path)?.[0] ?? []
  );
  return [...new Set(folders)].sort();
}

/**
 * @param work what the folders' paths start in
 * @throws BuildError where a package does not say on what terms it may be passed on
 */
export async function readPackages(
  work: string,
  folders: readonly string[],
): Promise<BundledPackage[]> {
  const all = await Promise.all(
    folders.map((folder) => readPackage(`${work}/${folder}`)),
  );
  // A package that two others have each brought along is one.
  const each = new Map(all.map((it) => [`${it.name}@${it.version}`, it]));
  return [...each].sort(([a], [b]) => a < b ? -1 : 1).map(([, it]) => it);
}

/** Reads package.json, and the files that are named as licences are. */
async function readPackage(folder: string): Promise<BundledPackage> {
  const json = JSON.parse(await Deno.readTextFile(`${folder}/package.json`));
  const { name, version, description = "" } = json;
  // Old packages have an object, or several.
  const said = json.license ?? json.licenses?.[0];
  const licence = typeof said === "string" ? said : said?.type;
  if (typeof licence !== "string" || /^(UNLICENSED|SEE )/.test(licence)) {
    throw new BuildError(
      `${name}@${version} does not say on what terms it may be passed on; ` +
        "leave it out of what is bundled",
    );
  }
  const files = [...Deno.readDirSync(folder)].filter(({ name, isFile }) =>
    isFile && termsFile.test(name) && !noTerms.test(name)
  ).map(({ name }) => name).sort();
  const texts = await Promise.all(files.map(async (source) => ({
    source,
    text: (await Deno.readTextFile(`${folder}/${source}`)).trim() + "\n",
  })));
  if (!files.some((file) => !/^notice/i.test(file))) {
    texts.push(...await standardTexts(name, licence));
  }
  return { name, version, licence, description, texts };
}

/** For a package without a file of its terms. */
async function standardTexts(
  name: string,
  licence: string,
): Promise<NoticeText[]> {
  return await Promise.all(
    licenceIds(licence).map(async (id) => {
      const text = await licenceText(id);
      if (text === null) {
        throw new BuildError(`${name}: the licence ${id} has no known text`);
      }
      return {
        source: `SPDX ${id}; ${name} has no file of its own for it`,
        text,
      };
    }),
  );
}

/** The licences that an SPDX expression names, without what they except. */
export function licenceIds(expression: string): string[] {
  const words = expression.replace(/ WITH [\w.-]+/g, "").match(/[\w.-]+/g) ??
    [];
  return [...new Set(words)].filter((word) => word !== "AND" && word !== "OR");
}

/** The text of a licence by its SPDX identifier; null if there is none. */
export async function licenceText(id: string): Promise<string | null> {
  const { default: licences } = await import("spdx-license-list/full.js");
  const text = licences[id]?.licenseText;
  return text === undefined ? null : text.trim() + "\n";
}
