/**
 * The run folder and the mail log's: whether files can be made there, and
 * whether somebody sees to it that the log does not fill the disk.
 *
 * @module
 */
import { parentOf } from "../../base/path.ts";
import { accessOf, remedyFor } from "../access.ts";
import { userName } from "../accounts.ts";
import { error, type Finding, note, unseen, warning } from "../finding.ts";
import type { Look } from "../look.ts";
import type { Ids } from "../patient.ts";
import { absolute, namesIn, quoted, statOf, textOf } from "../words.ts";

const rotation = "/etc/logrotate.d";
/** Nobody reads a log of such a size by hand. */
const largeBytes = 1 << 30;

export const folders: Look = {
  id: "folders",
  summary: "the folders of the pid file and of the mail log, and its rotation",
  needs: ["gate"],
  find({ gates, starter }) {
    const [{ options }] = gates;
    const found: Finding[] = [];
    if (options.pidfile !== null) {
      found.push(...ofFolder("--pidfile", options.pidfile, starter));
    }
    const logs = new Set(
      gates.flatMap(({ options: { mailLog }, smtpd }) =>
        [mailLog, smtpd?.mailLog].flatMap((place) =>
          place?.type === "file" ? [place.path] : []
        )
      ),
    );
    for (const log of logs) {
      found.push(...ofFolder("--mail-log", log, starter), ...ofLog(log));
    }
    return found;
  },
};

/** Both are opened before the ids are given up. */
function ofFolder(
  option: string,
  path: string,
  starter: Ids | null,
): Finding[] {
  const folder = absolute(parentOf(path));
  const info = statOf(folder);
  const access = starter && accessOf(folder, starter, "write", "search");
  if (
    access?.type === "missing" || info === null && access?.type !== "unseen"
  ) {
    return [error(
      `${option}: there is no folder ${folder}`,
      `mkdir -p ${quoted(folder)}` +
        (folder.startsWith("/run/")
          ? " (at each boot: /run is empty then)"
          : ""),
      folder,
    )];
  }
  if (access?.type === "denied") {
    return [error(
      `${option}: ${
        userName(starter!.uid)
      } may not make a file there (${access.path})`,
      remedyFor(access, starter!),
      folder,
    )];
  }
  return access?.type === "unseen"
    ? [
      unseen(
        `${option}: ${access.path}: ${access.why}`,
        "look as root",
        folder,
      ),
    ]
    : [];
}

function ofLog(path: string): Finding[] {
  const size = statOf(path)?.size ?? 0;
  const isRotated = namesIn(rotation).some((name) =>
    mentions(textOf(`${rotation}/${name}`) ?? "", absolute(path))
  );
  if (isRotated) return [];
  const remedy = `printf '${absolute(path)} {\\n weekly\\n rotate 8\\n ` +
    `compress\\n missingok\\n}\\n' > ${rotation}/postern`;
  const make = size > largeBytes ? warning : note;
  return [make(
    `nobody rotates the mail log, which has ${Math.ceil(size / 1e6)} MB`,
    remedy,
    path,
  )];
}

/** By its name, or by a pattern of its folder. */
function mentions(text: string, path: string): boolean {
  return text.replace(/#.*/g, "").split(/[\s{]+/).some((word) => {
    if (!word.startsWith("/")) return false;
    const pattern = word.replaceAll('"', "").replace(/[.+^$()|[\]\\]/g, "\\$&")
      .replaceAll("*", "[^/]*").replaceAll("?", "[^/]");
    try {
      return new RegExp(`^${pattern}$`).test(path);
    } catch {
      return false; // braces and the like, of which nobody has a log's name
    }
  });
}
