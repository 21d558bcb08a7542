//! The cluster, in one of the worlds.

use anyhow::{Context, Result, ensure};
use testcluster::{Cluster, Exchange, Fault, FaultProxies, Inside};

use crate::commands::POD;
use crate::world::World;

pub struct Lab {
    pub cluster: Cluster,
    /// Everything that was asked so far.
    pub asked: Vec<Exchange>,
    /// The world that it is in, and the proxies there.
    entered: Option<(&'static str, Entered)>,
}

/// What there is in a world.
pub struct Entered {
    pub proxies: FaultProxies,
    /// A pod of the Deployment `reviews`.
    pod: String,
}

impl Lab {
    pub fn open(inside: &Inside) -> Result<Self> {
        Ok(Self {
            cluster: Cluster::start(inside)?,
            asked: Vec::new(),
            entered: None,
        })
    }

    /// Proves that no fault stands in the list only: each can befall something that was asked.
    pub fn is_complete(&mut self) -> Result<()> {
        for fault in Fault::all() {
            let befalls = self.asked.iter().any(|exchange| fault.befalls(exchange));
            ensure!(befalls, "{fault:?} befell nothing");
        }
        Ok(())
    }

    /// Brings the cluster into a world, unless it is there already.
    pub fn enter(&mut self, world: &World) -> Result<(&Cluster, &Entered)> {
        if self
            .entered
            .as_ref()
            .is_none_or(|(name, _)| *name != world.name)
        {
            if self.entered.take().is_some() {
                self.cluster.restore()?;
            }
            // Its leftovers have to go, even if it is not reached.
            let reached = world.set_up(&mut self.cluster);
            if let Err(error) = reached {
                self.cluster.restore()?;
                return Err(error);
            }
            let pods = [
                "-n",
                "shop",
                "get",
                "pods",
                "-l",
                "app=reviews",
                "-o",
                "name",
            ];
            let pods = self.cluster.kubectl(&pods)?;
            let pod = pods.lines().next().context("reviews has no pod")?;
            let entered = Entered {
                proxies: FaultProxies::to(&self.cluster)?,
                pod: pod.to_owned(),
            };
            self.entered = Some((world.name, entered));
        }
        let (_, entered) = self.entered.as_ref().context("a world")?;
        Ok((&self.cluster, entered))
    }
}

impl Entered {
    /// The words of a command as this world has them.
    pub fn words(&self, words: &[&str]) -> Vec<String> {
        let word = |word: &&str| match *word {
            POD => self.pod.clone(),
            word => word.to_owned(),
        };
        words.iter().map(word).collect()
    }
}
