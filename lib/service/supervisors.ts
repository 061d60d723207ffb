/**
 * The supervisors that there are scripts for: a row and a file for each.
 *
 * @module
 */
import type { Supervisor } from "./service.ts";
import { sysv } from "./sysv.ts";

export const supervisors: readonly Supervisor[] = [sysv];
