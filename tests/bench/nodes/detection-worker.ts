/** A child process that runs one share of a detection curve: argv[2] is the conditions, argv[3] the seed; the report goes to the parent. */
import { createRandom } from '@/lib/platform/random';
import { runDetection, type DetectionConditions } from './detection-run';

const [conditions, seed] = process.argv.slice(2);
process.send!(runDetection(JSON.parse(conditions!) as DetectionConditions, createRandom(seed!)), () => process.disconnect());
