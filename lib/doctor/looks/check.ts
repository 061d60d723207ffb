/**
 * All that `postern serve --check` looks at: files, lists, programs, folders
 * and sockets that the options name, with the ids of whoever serves.
 *
 * @module
 */
import { error, type Finding, unseen, warning } from "../finding.ts";
import type { Look } from "../look.ts";
import { remedyOf } from "../remedies.ts";

/** Of what a gate starts with all the same. */
const mild = /everybody on this machine may read|but there is no way for/;
const denied = /access denied|permission denied/;

export const check: Look = {
  id: "check",
  summary: "all that postern serve --check looks at",
  needs: ["gate"],
  async find(patient, looker) {
    const { server, starter } = patient;
    const lines = await looker.check(patient);
    const isOther = looker.uid !== 0 &&
      [server, starter].some((ids) => ids === null || ids.uid !== looker.uid);
    return lines.map((line): Finding => {
      if (isOther && denied.test(line)) {
        return unseen(`to you: ${line}`, "look as root");
      }
      const make = mild.test(line) ? warning : error;
      return make(line, remedyOf(line, patient));
    });
  },
};
