/**
 * SHA256SUMS, which `sha256sum --check` reads.
 *
 * @module
 */
import { sha256 } from "../build/run.ts";

const name = "SHA256SUMS";

/** Writes the sums of all files of a folder beside them. */
export async function writeSums(folder: string): Promise<void> {
  const files = [...Deno.readDirSync(folder)]
    .filter((entry) => entry.isFile && entry.name !== name)
    .map((entry) => entry.name).sort();
  const lines = [];
  for (const file of files) {
    const sum = sha256(await Deno.readFile(`${folder}/${file}`));
    lines.push(`${sum}  ${file}\n`);
  }
  await Deno.writeTextFile(`${folder}/${name}`, lines.join(""));
}
