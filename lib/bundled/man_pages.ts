/**
 * The man pages, which the executable holds.
 *
 * @module
 */
import { unpack } from "./packed.ts";

/** The texts of the pages, by names such as `postern-serve.1`. */
export type ManPages = Readonly<Record<string, string>>;

/** A page is named after what it tells of, and its section. */
const pageName = /^[a-z][\w-]*\.[1-8]$/;

/** The pages in a folder. */
export function readManPages(folder: string | URL): ManPages {
  const base = folder instanceof URL ? folder : `${folder}/`;
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => pageName.test(name)).sort();
  const text = (name: string) =>
    Deno.readTextFileSync(
      typeof base === "string" ? base + name : new URL(name, base),
    );
  return Object.fromEntries(names.map((name) => [name, text(name)]));
}

/** All of them; of a program that runs from its source, those in its folder. */
export async function manPages(): Promise<ManPages> {
  const { packed } = await import("./packed_man_pages.ts");
  return packed === null
    ? readManPages(new URL("../../scripts/man/", import.meta.url))
    : unpack<ManPages>(packed);
}
