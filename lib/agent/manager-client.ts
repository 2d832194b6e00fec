import {
  AGENT_BASE_PATH, AgentProblemSchema, EnrolAnswerSchema, HeartbeatAnswerSchema, ResultsAnswerSchema,
  type EnrolAnswer, type EnrolRequest, type Heartbeat, type HeartbeatAnswer, type Results, type ResultsAnswer,
} from '@/lib/contract/agent-protocol';
import { HttpClient } from './http-client';
import { err, ok, type Result } from '@/lib/platform/result';
import type * as z from 'zod';

export interface ManagerProblem {
  /** A code of the protocol, or `no-answer`: the manager was not reached or answered something else. */
  readonly code: string;
  readonly message: string;
}

/** The manager as an agent sees it: three requests with typed answers. Never rejects. */
export class ManagerClient {
  readonly #baseUrl: string;
  readonly #http = new HttpClient();

  constructor(managerUrl: string) {
    this.#baseUrl = `${managerUrl.replace(/\/+$/, '')}${AGENT_BASE_PATH}`;
  }

  enrol(request: EnrolRequest, signal: AbortSignal): Promise<Result<EnrolAnswer, ManagerProblem>> {
    return this.#post('/enrol', { body: request, credential: null, answer: EnrolAnswerSchema, timeoutMs: 10_000, signal });
  }

  heartbeat(beat: Heartbeat, options: { credential: string; timeoutMs: number; signal: AbortSignal }): Promise<Result<HeartbeatAnswer, ManagerProblem>> {
    return this.#post(`/nodes/${encodeURIComponent(beat.nodeId)}/heartbeat`, { body: beat, answer: HeartbeatAnswerSchema, ...options });
  }

  report(results: Results, options: { credential: string; signal: AbortSignal }): Promise<Result<ResultsAnswer, ManagerProblem>> {
    return this.#post(`/nodes/${encodeURIComponent(results.nodeId)}/results`, { body: results, answer: ResultsAnswerSchema, timeoutMs: 5_000, ...options });
  }

  close(): void {
    this.#http.close();
  }

  async #post<T>(path: string, options: { body: object; credential: string | null; answer: z.ZodType<T>; timeoutMs: number; signal: AbortSignal }): Promise<Result<T, ManagerProblem>> {
    const { body, credential, answer, timeoutMs, signal } = options;
    try {
      const { status, body: text } = await this.#http.send({
        method: 'POST', url: `${this.#baseUrl}${path}`, body: JSON.stringify(body), timeoutMs, signal,
        headers: { 'content-type': 'application/json', ...(credential !== null && { authorization: `Bearer ${credential}` }) },
      });
      const value: unknown = JSON.parse(text.toString());
      if (status !== 200) {
        const problem = AgentProblemSchema.safeParse(value);
        return problem.success ? err({ code: problem.data.code, message: problem.data.detail }) : err({ code: 'no-answer', message: `The manager answered ${status}` });
      }
      const parsed = answer.safeParse(value);
      return parsed.success ? ok(parsed.data) : err({ code: 'no-answer', message: `The manager's answer is malformed at ${parsed.error.issues[0]?.path.join('.') ?? '?'}` });
    } catch (error) {
      return err({ code: 'no-answer', message: error instanceof Error ? error.message : String(error) });
    }
  }
}
