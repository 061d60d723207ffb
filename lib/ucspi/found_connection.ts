/**
 * The connection that descriptor 0 is, for whoever was started by something
 * that does not tell of it: inetd, xinetd.
 *
 * @module
 */
import { killIpOptions, peerName, socketName } from "../sys/socket.ts";
import { socketAt } from "../sys/standard_descriptors.ts";
import {
  asProgram,
  ConnectionEnvironment,
  InheritedEnvironment,
  type ProgramEnvironment,
} from "./environment.ts";

/**
 * What a program may know of its connection: what it was told, as tcpserver
 * does (PROTO says so), or what the kernel says. Names are not looked up, since
 * the client would wait for them, and nobody needs them for a decision.
 *
 * @param own our environment
 */
export function environmentOf(own: Map<string, string>): ProgramEnvironment {
  if (own.get("PROTO") || socketAt(0) === null) return asProgram(own);
  const remote = peerName(0);
  if (remote === null) return asProgram(own); // not of the network, or gone
  killIpOptions(0);
  // Of a connection that others had nothing is believed.
  return new ConnectionEnvironment(new InheritedEnvironment(own), {
    local: socketName(0),
    remote,
    // Our own name is nobody's claim: it may be set where we are started.
    localHost: own.get("TCPLOCALHOST") ?? null,
    remoteHost: null,
    remoteInfo: null,
    variables: [],
    encrypted: false,
  });
}
