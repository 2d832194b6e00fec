-- CreateTable
CREATE TABLE "Cluster" (
    "ordinal" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "id" TEXT NOT NULL,
    "epoch" BIGINT NOT NULL,
    "document" TEXT NOT NULL,
    "freeze" TEXT
);

-- CreateTable
CREATE TABLE "Settings" (
    "clusterId" TEXT NOT NULL,
    "generation" BIGINT NOT NULL,
    "document" TEXT NOT NULL,

    PRIMARY KEY ("clusterId", "generation"),
    CONSTRAINT "Settings_clusterId_fkey" FOREIGN KEY ("clusterId") REFERENCES "Cluster" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "NodeIntent" (
    "clusterId" TEXT NOT NULL,
    "nodeId" TEXT NOT NULL,
    "document" TEXT NOT NULL,

    PRIMARY KEY ("clusterId", "nodeId"),
    CONSTRAINT "NodeIntent_clusterId_fkey" FOREIGN KEY ("clusterId") REFERENCES "Cluster" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Plan" (
    "ordinal" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "id" TEXT NOT NULL,
    "clusterId" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "createdAt" BIGINT NOT NULL,
    "summary" TEXT NOT NULL,
    "document" TEXT NOT NULL,
    CONSTRAINT "Plan_clusterId_fkey" FOREIGN KEY ("clusterId") REFERENCES "Cluster" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Operation" (
    "ordinal" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "id" TEXT NOT NULL,
    "clusterId" TEXT NOT NULL,
    "planId" TEXT,
    "status" TEXT NOT NULL,
    "version" BIGINT NOT NULL,
    "finishedAt" BIGINT,
    "document" TEXT NOT NULL,
    CONSTRAINT "Operation_clusterId_fkey" FOREIGN KEY ("clusterId") REFERENCES "Cluster" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Move" (
    "operationId" TEXT NOT NULL,
    "index" BIGINT NOT NULL,
    "status" TEXT NOT NULL,
    "document" TEXT NOT NULL,

    PRIMARY KEY ("operationId", "index"),
    CONSTRAINT "Move_operationId_fkey" FOREIGN KEY ("operationId") REFERENCES "Operation" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "EventLog" (
    "clusterId" TEXT NOT NULL PRIMARY KEY,
    "lastSequence" BIGINT NOT NULL,
    "lastHash" TEXT NOT NULL,
    "prunedSequence" BIGINT NOT NULL DEFAULT 0,
    "prunedHash" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "Event" (
    "clusterId" TEXT NOT NULL,
    "sequence" BIGINT NOT NULL,
    "type" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "nodeId" TEXT,
    "operationId" TEXT,
    "at" BIGINT NOT NULL,
    "document" TEXT NOT NULL,
    "hash" TEXT NOT NULL,

    PRIMARY KEY ("clusterId", "sequence")
);

-- CreateTable
CREATE TABLE "Answer" (
    "key" TEXT NOT NULL PRIMARY KEY,
    "at" BIGINT NOT NULL,
    "document" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "MetricSeries" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "clusterId" TEXT NOT NULL,
    "nodeId" TEXT NOT NULL,
    "metric" TEXT NOT NULL,
    "lastAt" BIGINT NOT NULL
);

-- CreateTable
CREATE TABLE "MetricBucket" (
    "stepMs" INTEGER NOT NULL,
    "at" BIGINT NOT NULL,
    "seriesId" INTEGER NOT NULL,
    "sum" REAL NOT NULL,
    "max" REAL NOT NULL,
    "sampleCount" BIGINT NOT NULL,

    PRIMARY KEY ("stepMs", "at", "seriesId")
) WITHOUT ROWID;

-- CreateIndex
CREATE UNIQUE INDEX "Cluster_id_key" ON "Cluster"("id");

-- CreateIndex
CREATE UNIQUE INDEX "Plan_id_key" ON "Plan"("id");

-- CreateIndex
CREATE INDEX "Plan_clusterId_ordinal_idx" ON "Plan"("clusterId", "ordinal");

-- CreateIndex
CREATE UNIQUE INDEX "Operation_id_key" ON "Operation"("id");

-- CreateIndex
CREATE INDEX "Operation_clusterId_ordinal_idx" ON "Operation"("clusterId", "ordinal");

-- CreateIndex
CREATE INDEX "Operation_planId_idx" ON "Operation"("planId");

-- CreateIndex
CREATE INDEX "Event_clusterId_type_sequence_idx" ON "Event"("clusterId", "type", "sequence");

-- CreateIndex
CREATE INDEX "Event_clusterId_nodeId_sequence_idx" ON "Event"("clusterId", "nodeId", "sequence");

-- CreateIndex
CREATE INDEX "Event_clusterId_operationId_sequence_idx" ON "Event"("clusterId", "operationId", "sequence");

-- CreateIndex
CREATE INDEX "Answer_at_idx" ON "Answer"("at");

-- CreateIndex
CREATE INDEX "MetricSeries_lastAt_idx" ON "MetricSeries"("lastAt");

-- CreateIndex
CREATE UNIQUE INDEX "MetricSeries_clusterId_nodeId_metric_key" ON "MetricSeries"("clusterId", "nodeId", "metric");
