import { machine } from "./machine.js";
import { fuzz } from "./serving/fuzz.js";

// Malformed requests: no 5xx but those that are meant, no file outside of the root, no crash. Their number and the
// seed by SIEDD_REQUESTS and SIEDD_SEED.

const requests = Number(process.env.SIEDD_REQUESTS ?? 10_000);
const seed = Number(process.env.SIEDD_SEED ?? 1);
const started = performance.now();
const { statuses, faults } = await fuzz(requests, seed);
const seconds = Math.round((performance.now() - started) / 1000);
const result = { requests, seed, seconds, statuses, faults: faults.length, firstFaults: faults.slice(0, 10) };
process.stdout.write(`${JSON.stringify({ bench: "fuzz", machine: machine(), ...result })}\n`);
if (faults.length > 0) process.exitCode = 1;
