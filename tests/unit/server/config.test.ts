import { describe, expect, it } from 'vitest';
import { readConfig } from '@/lib/server/config';

describe('the configuration', () => {
  it('has defaults that need nothing', () => {
    expect(readConfig({}, '/srv/ps')).toEqual({
      ok: true,
      value: { host: '127.0.0.1', port: 3000, dataDir: '/srv/ps/.data', databaseUrl: 'file:/srv/ps/.data/phantom-scale.db', file: { provisioners: {} }, dnsServers: [], outboundAllow: [], niceness: 10, logLevel: 'warn' },
    });
    expect(readConfig({ HOST: '', PORT: '', DATABASE_URL: '', DATA_DIR: '', NICENESS: '', LOG_LEVEL: '' }, '/srv/ps')).toEqual(readConfig({}, '/srv/ps'));
  });

  it('is taken from the environment', () => {
    expect(readConfig({ HOST: '::1', PORT: '0', DATA_DIR: '/data', DATABASE_URL: 'file:/db/x.db', DNS_SERVERS: '10.0.0.2, 10.0.0.3:5353', OUTBOUND_ALLOW: '10.0.0.0/8, fd12::/16,192.168.1.7', NICENESS: '0', LOG_LEVEL: 'debug' }, '/srv')).toEqual({
      ok: true, value: { host: '::1', port: 0, dataDir: '/data', databaseUrl: 'file:/db/x.db', file: { provisioners: {} }, dnsServers: ['10.0.0.2', '10.0.0.3:5353'], outboundAllow: ['10.0.0.0/8', 'fd12::/16', '192.168.1.7'], niceness: 0, logLevel: 'debug' },
    });
  });

  it.each(['0.0.0.0', '::', '192.168.1.10', 'example.org', '127.0.0.1.example.org'])('does not offer the server to other machines by HOST=%s, and says why', (HOST) => {
    const config = readConfig({ HOST }, '/srv');
    expect(config.ok || config.error).toEqual([expect.stringMatching(/^HOST must be 127\.0\.0\.1, ::1 or localhost: there is no access control yet/)]);
  });

  it.each(['65536', '-1', '3000x', '1e3', 'http'])('does not guess at PORT=%s', (PORT) => {
    const config = readConfig({ PORT }, '/srv');
    expect(config.ok || config.error).toEqual(['PORT must be a number from 0 to 65535.']);
  });

  it.each(['20', '-5', 'low', '1.5'])('does not guess at NICENESS=%s', (NICENESS) => {
    const config = readConfig({ NICENESS }, '/srv');
    expect(config.ok || config.error).toEqual(['NICENESS must be a number from 0 to 19.']);
  });

  it.each(['ns.example.org', '10.0.0.2:', 'x,10.0.0.2'])('does not ask DNS_SERVERS=%s, which is no address', (DNS_SERVERS) => {
    const config = readConfig({ DNS_SERVERS }, '/srv');
    expect(config.ok || config.error).toEqual([expect.stringMatching(/^DNS_SERVERS must be addresses/)]);
  });

  it.each(['10.0.0.0/33', 'fe80::/129', '10.0.0', 'example.org', '10.0.0.0/8/8', '10.0.0.0/'])('[X6] does not take OUTBOUND_ALLOW=%s, which is no network', (OUTBOUND_ALLOW) => {
    const config = readConfig({ OUTBOUND_ALLOW }, '/srv');
    expect(config.ok || config.error).toEqual([expect.stringMatching(/^OUTBOUND_ALLOW must be addresses or networks/)]);
  });

  it('names every variable that is wrong', () => {
    const config = readConfig({ PORT: 'x', LOG_LEVEL: 'loud' }, '/srv');
    expect(config.ok || config.error).toHaveLength(2);
  });
});
