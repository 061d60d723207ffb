/**
 * The helpers of this process: one of each role, whoever asks.
 *
 * @module
 */
import type { Emit } from "../base/events.ts";
import { Helper } from "./helper.ts";
import type { Role } from "./role.ts";

const helpers = new Map<Role, Helper>();

/** @param emit is told of its troubles, if it is not there yet */
export function helperFor(role: Role, emit: Emit): Helper {
  let helper = helpers.get(role);
  if (helper === undefined) {
    helper = new Helper(role, emit);
    helpers.set(role, helper);
  }
  return helper;
}
