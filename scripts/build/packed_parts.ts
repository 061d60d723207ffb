/**
 * The modules that the build makes, in the place of those of their names in
 * lib/bundled: each exports what its row gives, packed.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { version } from "../../lib/base/version.ts";
import { type ManPages, readManPages } from "../../lib/bundled/man_pages.ts";
import type { Notices } from "../../lib/bundled/notices.ts";
import type { BundledPackage } from "./packages.ts";
import { root } from "./run.ts";
import { runtimeNotices } from "./runtime_parts.ts";

/** By the names of the modules. */
export const packedParts: Readonly<
  Record<
    string,
    (packages: readonly BundledPackage[]) => Promise<unknown>
  >
> = {
  packed_man_pages: (): Promise<ManPages> =>
    Promise.resolve(
      readManPages(fileURLToPath(new URL("../man", import.meta.url))),
    ),
  packed_notices: noticesOf,
};

/** What the executable says of itself, of its libraries and of its runtime. */
export async function noticesOf(
  packages: readonly BundledPackage[],
): Promise<Notices> {
  const source = "LICENSE";
  const text = await Deno.readTextFile(`${root}/${source}`);
  const ours = { name: "postern", version, licence: "MIT" };
  return {
    packages: [
      { ...ours, texts: [{ source, text }] },
      ...packages.map(({ name, version, licence, texts }) => {
        const note = notes[name];
        return { name, version, licence, ...(note && { note }), texts };
      }),
    ],
    runtime: await runtimeNotices(),
  };
}

/** What packages hold of others, and do not say in a file of their own. */
const notes: Readonly<Record<string, string>> = {
  tldts: "it holds the Public Suffix List, which is under the MPL-2.0, in a " +
    "form made for machines; the list itself is at publicsuffix.org",
};
