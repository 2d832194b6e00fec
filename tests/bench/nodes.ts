/**
 * How quickly and how surely is a dead node noticed, and what does the noticing cost? JSON
 * lines of two parts.
 *
 * detection: the failure detector of core/health at one heartbeat in 2 s against simulated
 * nodes in virtual time, over loss and pauses. The promised point (5 % loss, pauses up to
 * 60 s, at least 10,000 node-days) first. Ends with an error when a promise is not kept: no
 * false death, and a real death unreachable within 20 s at p99. Loss counts for each
 * heartbeat, each probe and each answer to one. Every node stands still `pausesPerNodeDay`
 * times a day for 1 s to the longest pause, and dies once a day. Deaths have no budget here,
 * so that a false one is not hidden by the freeze. Some minutes.
 *
 * cutover: primaries of reference nodes, as processes, move under a client load; how long clients of
 * a shard wait at the handover, as the source measures it. Half a minute.
 *
 * heartbeats: 1,000 agents in a process of their own send theirs over real HTTP to a real
 * server. About a minute and a half.
 *
 * enrolment: the same agents ask to enrol at the same moment, each beating as soon as it is in.
 * About a minute.
 *
 * npm run bench -- nodes [detection|cutover|heartbeats|enrolment|all] [node-days of the promised point] [of each other point] [seed]
 */
import { runDetectionCurve } from './nodes/detection-curve';
import { runCutover } from './nodes/cutover';
import { runEnrolment, runHeartbeats } from './nodes/heartbeats';

const [part = 'all', promisedNodeDays = '10000', otherNodeDays = '200', seed = 'detection'] = process.argv.slice(2);
if (!['detection', 'cutover', 'heartbeats', 'enrolment', 'all'].includes(part)) throw new Error(`There is no part ${part}: detection, cutover, heartbeats, enrolment or all`);
if (part === 'detection' || part === 'all') await runDetectionCurve({ promisedNodeDays: Number(promisedNodeDays), otherNodeDays: Number(otherNodeDays), seed });
if (part === 'cutover' || part === 'all') await runCutover();
if (part === 'heartbeats' || part === 'all') await runHeartbeats();
if (part === 'enrolment' || part === 'all') await runEnrolment();
