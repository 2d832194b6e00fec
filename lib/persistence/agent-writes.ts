import type { AgentRecord, EnrolmentToken } from '@/lib/contract/storage';
import { alreadyExists, changedMeanwhile, notFound, type CommitRefusal } from './conflicts';
import type { Transaction } from './transaction';

export async function insertEnrolmentToken(tx: Transaction, token: EnrolmentToken): Promise<CommitRefusal | null> {
  const { tokenHash, clusterId, expiresAtMs, usedByNodeId } = token;
  if ((await tx.cluster.count({ where: { id: clusterId } })) === 0) return notFound('cluster', clusterId);
  if ((await tx.enrolmentToken.count({ where: { tokenHash } })) > 0) return alreadyExists('enrolment token', tokenHash);
  await tx.enrolmentToken.create({ data: { tokenHash, clusterId, expiresAt: Math.floor(expiresAtMs), usedByNodeId, document: JSON.stringify(token) } });
  return null;
}

export async function deleteEnrolmentToken(tx: Transaction, clusterId: string, tokenHash: string): Promise<CommitRefusal | null> {
  const token = await tx.enrolmentToken.findUnique({ where: { tokenHash } });
  if (token === null || token.clusterId !== clusterId) return notFound('enrolment token', tokenHash);
  if (token.usedByNodeId !== null) return changedMeanwhile('user of the enrolment token', token.usedByNodeId, 'nobody');
  await tx.enrolmentToken.delete({ where: { tokenHash } });
  return null;
}

/** The token and the node in one transaction: of two that come with one token, one is enrolled. */
export async function enrolAgent(tx: Transaction, { tokenHash, agent }: { readonly tokenHash: string; readonly agent: AgentRecord }): Promise<CommitRefusal | null> {
  const { nodeId, clusterId, enrolledAtMs } = agent;
  const token = await tx.enrolmentToken.findUnique({ where: { tokenHash } });
  if (token === null || token.clusterId !== clusterId) return notFound('enrolment token', tokenHash);
  if (token.usedByNodeId !== null) return changedMeanwhile('user of the enrolment token', token.usedByNodeId, 'nobody');
  if (Number(token.expiresAt) <= enrolledAtMs) return { code: 'conflict', message: 'The enrolment token has expired' };
  if ((await tx.agent.count({ where: { nodeId } })) > 0) return alreadyExists('agent', nodeId);
  await tx.enrolmentToken.update({ where: { tokenHash }, data: { usedByNodeId: nodeId } });
  await tx.agent.create({ data: { nodeId, clusterId, document: JSON.stringify(agent) } });
  return null;
}

export async function saveAgent(tx: Transaction, agent: AgentRecord): Promise<CommitRefusal | null> {
  const { nodeId, clusterId } = agent;
  const { count } = await tx.agent.updateMany({ where: { nodeId, clusterId }, data: { document: JSON.stringify(agent) } });
  return count === 0 ? notFound('agent', nodeId) : null;
}
