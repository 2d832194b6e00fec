-- CreateTable
CREATE TABLE "ScalingPolicy" (
    "clusterId" TEXT NOT NULL,
    "pool" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "generation" BIGINT NOT NULL,
    "document" TEXT NOT NULL,

    PRIMARY KEY ("clusterId", "pool", "role", "generation"),
    CONSTRAINT "ScalingPolicy_clusterId_fkey" FOREIGN KEY ("clusterId") REFERENCES "Cluster" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "ScalingState" (
    "clusterId" TEXT NOT NULL,
    "pool" TEXT NOT NULL,
    "document" TEXT NOT NULL,

    PRIMARY KEY ("clusterId", "pool"),
    CONSTRAINT "ScalingState_clusterId_fkey" FOREIGN KEY ("clusterId") REFERENCES "Cluster" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
