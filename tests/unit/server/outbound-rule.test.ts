import { describe, expect, it } from 'vitest';
import { OutboundRule } from '@/lib/server/outbound-rule';

function lookedUp(rule: OutboundRule, hostname: string, all: boolean): Promise<unknown> {
  return new Promise((resolve) => { rule.lookup(hostname, { all }, (error, address) => { resolve(error?.code ?? address); }); });
}

describe('the rule of outbound connections', () => {
  const forbidden = ['169.254.169.254', '0.0.0.0', '224.0.0.1', '255.255.255.255', '[fe80::1]', '::', 'ff02::1', 'fd00:ec2::254', '::ffff:169.254.169.254', '[::ffff:a9fe:a9fe]'];

  it.each(forbidden)('[X6] never goes to %s, whatever is allowed', (address) => {
    expect(new OutboundRule().refusalOf(address)).toContain('is not an address that may be connected to');
    expect(new OutboundRule(['0.0.0.0/0', '::/0', '169.254.169.254']).refusalOf(address)).toContain('is not an address that may be connected to');
  });

  it('[X6] without a list goes to machines of this network, of others and to this one', () => {
    for (const address of ['10.1.2.3', '192.168.0.9', '127.0.0.1', '203.0.113.7', '[::1]', 'fd12::7']) expect(new OutboundRule().refusalOf(address)).toBeNull();
  });

  it('[X6] with a list goes nowhere else, and says what is allowed', () => {
    const rule = new OutboundRule(['10.0.0.0/8', '192.168.1.7', 'fd12::/16']);
    for (const address of ['10.255.0.1', '192.168.1.7', '[fd12::7]', '::ffff:10.0.0.1']) expect(rule.refusalOf(address)).toBeNull();
    for (const address of ['127.0.0.1', '192.168.1.8', '11.0.0.1', '[::1]', 'fd13::7']) expect(rule.refusalOf(address)).toContain('allowed: 10.0.0.0/8, 192.168.1.7, fd12::/16');
  });

  it('[X6] a name is judged by what it means at that moment, not by its letters', async () => {
    expect(new OutboundRule(['10.0.0.0/8']).refusalOf('localhost')).toBeNull();
    expect(await lookedUp(new OutboundRule(['10.0.0.0/8']), 'localhost', true)).toBe('EADDRNOTALLOWED');
    expect(await lookedUp(new OutboundRule(['127.0.0.0/8', '::1']), 'localhost', false)).toMatch(/^(127\.0\.0\.1|::1)$/);
    expect(await lookedUp(new OutboundRule(['127.0.0.0/8', '::1']), 'localhost', true)).toContainEqual(expect.objectContaining({ address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/) as string }));
  });
});
