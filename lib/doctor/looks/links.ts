/**
 * The classic names: whether they lead to this executable.
 *
 * @module
 */
import { parentOf } from "../../base/path.ts";
import { error, type Finding, note, warning } from "../finding.ts";
import type { MachineLook } from "../look.ts";
import { baseName, namesIn, quoted, statOf } from "../words.ts";
import { linkOf } from "../sockets.ts";

const usualFolders = ["/usr/local/bin", "/usr/bin", "/var/qmail/bin"];
const kept = ".before-postern";
/** What making a link leaves when it is cut off (lib/install/links.ts). */
const halfMade = /\.[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\.new$/;

export const links: MachineLook = {
  id: "links",
  summary: "the classic names as links: to this executable, or to nothing",
  find({ executable, classicNames }) {
    const folders = new Set(
      [parentOf(executable), ...usualFolders].map(realPath).filter((path) =>
        path !== null
      ),
    );
    return [...folders].flatMap((folder) =>
      ofFolder(folder, executable, classicNames)
    );
  },
};

function ofFolder(
  folder: string,
  executable: string,
  classicNames: readonly string[],
): Finding[] {
  const ours = statOf(executable);
  const isInstalled = statOf(`${folder}/.postern-install.json`) !== null;
  const to = folder === "/usr/local/bin" ? "" : ` --to ${quoted(folder)}`;
  const install = isInstalled
    ? `postern install${to}`
    : `postern install-links ${quoted(folder)}`;
  const found: Finding[] = [];
  for (const name of namesIn(folder)) {
    const path = `${folder}/${name}`;
    if (
      halfMade.test(name) && classicNames.some((each) => name.startsWith(each))
    ) {
      found.push(
        note("a link that was never finished", `rm ${quoted(path)}`, path),
      );
    }
    if (name.endsWith(kept)) {
      const now = path.slice(0, -kept.length);
      found.push(
        linkOf(now) === null
          ? warning(
            `what stood at ${now} was put aside, and postern is not there either`,
            `mv ${quoted(path)} ${quoted(now)}, or ${install}`,
            path,
          )
          : note(
            `what stood at ${now} before postern is kept`,
            isInstalled
              ? `postern install --uninstall${to} brings all of them back; rm ` +
                `${quoted(path)}, when it is not wanted any more`
              : `mv ${quoted(path)} ${
                quoted(now)
              } brings it back, rm does away with it`,
            path,
          ),
      );
    }
    if (!classicNames.includes(name)) continue;
    const target = linkOf(path);
    if (target === null) continue; // the program itself
    const there = statOf(path);
    const isPosterns = /^postern/.test(baseName(target));
    if (there === null) {
      found.push(error(`${name} leads to nothing: ${target}`, install, path));
    } else if (
      isPosterns && !(there.ino === ours?.ino && there.dev === ours?.dev)
    ) {
      found.push(warning(
        `${name} leads to another postern than this one: ${target}`,
        install,
        path,
      ));
    }
  }
  return found;
}

function realPath(path: string): string | null {
  try {
    return Deno.realPathSync(path);
  } catch {
    return null; // no such folder
  }
}
