/**
 * What lies beside an executable: the licences of what is in it, and the bill
 * of materials.
 *
 * @module
 */
import { cratesIn } from "../../lib/bundled/crates.ts";
import { noticesText } from "../../lib/bundled/notices_text.ts";
import { noticesOf } from "./packed_parts.ts";
import type { BundledPackage } from "./packages.ts";
import { billOfMaterials } from "./sbom.ts";

interface Made {
  readonly packages: readonly BundledPackage[];
  readonly executable: Uint8Array<ArrayBuffer>;
  /** Of the runtime inside. */
  readonly version: string;
  readonly sha256: string;
}

/**
 * Writes `OUTPUT.cdx.json`, and `OUTPUT.NOTICES` or, for one that is called
 * postern, `NOTICES`. Throws BuildError.
 */
export async function describe(
  { packages, executable, version, sha256 }: Made,
  output: string,
): Promise<void> {
  const crates = cratesIn(executable);
  const notices = noticesText(await noticesOf(packages), crates, version);
  const place = output.endsWith("/postern")
    ? output.replace(/postern$/, "NOTICES")
    : `${output}.NOTICES`;
  await Deno.writeTextFile(place, notices);
  const bill = { packages, crates, runtime: version, sha256 };
  await Deno.writeTextFile(`${output}.cdx.json`, await billOfMaterials(bill));
}
