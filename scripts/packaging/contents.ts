/**
 * What comes with the executable: manual pages, completion, what supervisors
 * and fail2ban read, an example configuration, and the papers. It is laid in
 * one folder, which is the tarball, and from which the Debian package is made.
 *
 * @module
 */
import { root } from "../build/run.ts";
import type { Release } from "./release.ts";
import { scriptsOf } from "./service_scripts.ts";
import { fromSource } from "./tools.ts";

/** Copied from the repository. */
const copied: readonly (readonly [from: string, to: string])[] = [
  ["CHANGELOG.md", "CHANGELOG.md"],
  ["SECURITY.md", "SECURITY.md"],
  ["LICENSE", "LICENSE"],
  ["scripts/fail2ban/filter.d/postern.conf", "fail2ban/filter.d/postern.conf"],
  ["scripts/fail2ban/jail.d/postern.conf", "fail2ban/jail.d/postern.conf"],
  ["scripts/packaging/example/postern.toml", "example/postern.toml"],
  ["scripts/packaging/example/rules", "example/rules"],
];

/** Of each shell, its completion, by the name that the shell looks for. */
const completions = { bash: "postern", zsh: "_postern", fish: "postern.fish" };

/** The manual pages of the repository, by their file names. */
export const manualPages = (): string[] =>
  [...Deno.readDirSync(`${root}/scripts/man`)].map(({ name }) => name)
    .filter((name) => /\.[1-9]$/.test(name)).sort();

/** Lays all of it in a folder, which is made. */
export async function layContents(
  folder: string,
  release: Release,
): Promise<void> {
  const put = async (path: string, from: string, mode = 0o644) => {
    const to = `${folder}/${path}`;
    await Deno.mkdir(to.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.copyFile(from, to);
    await Deno.chmod(to, mode);
  };
  const write = async (path: string, text: string, mode = 0o644) => {
    const to = `${folder}/${path}`;
    await Deno.mkdir(to.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(to, text);
    await Deno.chmod(to, mode);
  };
  await put("postern", release.executable, 0o755);
  await put("NOTICES", release.notices);
  for (const [from, to] of copied) await put(to, `${root}/${from}`);
  for (const { name } of Deno.readDirSync(root)) {
    // In each language that there is.
    if (/^README(?:\.\w+)?\.md$/.test(name)) await put(name, `${root}/${name}`);
  }
  for (const { name } of Deno.readDirSync(`${root}/guides`)) {
    await put(`guides/${name}`, `${root}/guides/${name}`);
  }
  for (const page of manualPages()) {
    await put(`man/${page}`, `${root}/scripts/man/${page}`);
  }
  for (const [shell, name] of Object.entries(completions)) {
    const text = await fromSource("completion", shell);
    await write(`completion/${shell}/${name}`, text);
  }
  for (const { path, mode, text } of await scriptsOf()) {
    await write(path, text, mode);
  }
}
