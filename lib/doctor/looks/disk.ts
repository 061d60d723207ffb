/**
 * Room for mail and its logs.
 *
 * @module
 */
import { parentOf } from "../../base/path.ts";
import { codeOf } from "../../base/reason.ts";
import { fileSystemOf } from "../../sys/files.ts";
import { error, type Finding, warning } from "../finding.ts";
import type { Look } from "../look.ts";
import { targetReach } from "../targets.ts";

/** Of the disk, to those who are not root. */
const fewPercent = 5, fullPercent = 1;

export const disk: Look = {
  id: "disk",
  summary: "room on the disks of mailboxes, queue and log",
  needs: ["gate"],
  find({ gates, env }) {
    const least = new Map<string, number>();
    for (const { smtpd, options: { mailLog } } of gates) {
      if (mailLog.type === "file") least.set(parentOf(mailLog.path), 0);
      if (smtpd === null) continue;
      const { writes, programs } = targetReach(smtpd, env);
      for (const { path } of writes) least.set(path, smtpd.minFree);
      for (const { path } of programs) {
        least.set(path.replace(/\/bin\/qmail-queue$/, "/queue"), 0);
      }
    }
    const found = [...least].flatMap(([path, minFree]) =>
      ofDisk(path, minFree)
    );
    return [...new Map(found.map((each) => [each.what, each])).values()];
  },
};

function ofDisk(path: string, minFree: number): Finding[] {
  let room;
  try {
    room = fileSystemOf(path);
  } catch (cause) {
    const parent = parentOf(path);
    const isMissing = codeOf(cause) === "ENOENT" && parent !== path;
    return isMissing ? ofDisk(parent, minFree) : [];
  }
  const usable = room.blocks - room.free + room.available;
  if (usable <= 0) return []; // a file system without a size
  const percent = room.available / usable * 100;
  const left = `${percent.toFixed(1)} percent of the disk are free`;
  const remedy = "make room, or move it to a larger disk";
  if (percent < fullPercent) return [error(left, remedy, path)];
  if (minFree > 0 && percent < minFree) {
    return [
      error(
        `${left}, and --min-free is ${minFree}: no mail is taken`,
        remedy,
        path,
      ),
    ];
  }
  return percent < fewPercent ? [warning(left, remedy, path)] : [];
}
